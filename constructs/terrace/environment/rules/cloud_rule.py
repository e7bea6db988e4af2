"""Rules of one cloud: what it refuses though its provider validates and plans it, asked of environments on it alone."""

from collections.abc import Callable, Iterator
from functools import wraps

from terrace.environment.schema import Environment
from terrace.environment.sizes import Cloud
from terrace.errors import Problem

Rule = Callable[[Environment], Iterator[Problem]]


def only(cloud: Cloud) -> Callable[[Rule], Rule]:
    """The rule, asked of environments on this cloud."""

    def of_cloud(rule: Rule) -> Rule:
        @wraps(rule)
        def asked(environment: Environment) -> Iterator[Problem]:
            if environment.cloud == cloud:
                yield from rule(environment)

        return asked

    return of_cloud
