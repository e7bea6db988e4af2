"""Rules of one cloud: what the cloud rejects although its provider validates and plans it."""

from collections.abc import Callable, Iterator
from functools import wraps

from terrace.capabilities.cloud import CloudName
from terrace.environment.schema import Environment
from terrace.errors import Problem

Rule = Callable[[Environment], Iterator[Problem]]


def only(cloud: CloudName) -> Callable[[Rule], Rule]:
    """Apply a rule only to environments on this cloud."""

    def decorated(rule: Rule) -> Rule:
        @wraps(rule)
        def cloud_rule(environment: Environment) -> Iterator[Problem]:
            if environment.cloud == cloud:
                yield from rule(environment)

        return cloud_rule

    return decorated
