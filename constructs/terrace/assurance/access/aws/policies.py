"""Evaluation of IAM policies: the actions that statements allow.

What a caller can choose, such as a request's parameters, never counts against a permission; what identifies a caller
does. So the result is what could be allowed at most. Source: IAM User Guide, "Policy evaluation logic".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from terrace.assurance.access.aws import actions
from terrace.assurance.access.model import Unknown
from terrace.authorization.aws import Context, Statement, is_operator, listed, statement


def services(one: Statement) -> frozenset[str]:
    """The services whose actions a statement names."""
    if one.all_but:
        return actions.services()
    return frozenset().union(*(actions.services_of(pattern) for pattern in one.patterns))


def named(one: Statement, service: str) -> frozenset[str]:
    """The actions of a service that a statement is about."""
    found = actions.matching(one.patterns, service)
    return actions.of(service) - found if one.all_but else found


def statements(document: Any, by: str, text: Callable[[Any], str]) -> Iterator[Statement | Unknown]:
    """The statements of a parsed policy document. `text` makes an ARN of a resolved attribute."""
    if not isinstance(document, Mapping) or "Statement" not in document:
        yield Unknown(f"the policy cannot be read: {document}", by)
        return
    for written in listed(document):
        read = statement(written, by, text)
        if read is None:
            yield Unknown(f"the statement cannot be read: {written}", by)
        else:
            yield read
            yield from _unknown(read)


def administrator(by: str) -> Statement:
    """A statement that allows everything."""
    return Statement(True, ("*",), False, ("*",), False, None, False, {}, by)


def _unknown(one: Statement) -> Iterator[Unknown]:
    """What of a statement is not understood."""
    for pattern in one.patterns if one.allows else ():
        known = any(actions.matching((pattern,), service) for service in actions.services_of(pattern))
        if pattern != "*" and not known:
            yield Unknown(f"unknown action {pattern}", one.by)
    for operator in one.condition:
        if not is_operator(operator):
            yield Unknown(f"unknown condition operator {operator}", one.by)


def allowed(
    service: str, arn: str, context: Context, *, by: Sequence[Statement], limits: Sequence[Sequence[Statement]] = ()
) -> dict[str, tuple[str, ...]]:
    """The actions of a service on a resource that `by` allows and nothing denies, each with what allows it.

    `limits` are further policies: each has to allow an action too, such as a permissions boundary.
    """
    found: dict[str, list[str]] = {}
    denied: set[str] = set()
    for one in by:
        about = named(one, service)
        if about and one.covers(arn) and one.applies(context):
            if one.allows:
                for action in about:
                    found.setdefault(action, []).append(one.by)
            else:
                denied |= about
    for limit in limits:
        if not found:
            break
        permitted: set[str] = set()
        for one in limit:
            about = named(one, service)
            if about and one.covers(arn) and one.applies(context):
                (permitted if one.allows else denied).update(about)
        found = {action: by_what for action, by_what in found.items() if action in permitted}
    return {action: tuple(dict.fromkeys(by_what)) for action, by_what in found.items() if action not in denied}
