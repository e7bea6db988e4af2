"""The end of an environment's life."""

from collections.abc import Iterator

from terrace.environment.schema import Environment
from terrace.errors import Problem


def only_dev_expires(environment: Environment) -> Iterator[Problem]:
    """`terrace env reap` destroys what has expired, with its data."""
    if environment.expires is not None and environment.tier != "dev":
        message = f"only an environment of the dev tier may expire, and tier is {environment.tier}."
        yield Problem(message, path="expires", hint="Remove it, or set it to null.")
