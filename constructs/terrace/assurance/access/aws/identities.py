"""The roles and users of a stack with what is attached to them: inline and managed policies, and the boundary."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from terrace.assurance.access.aws import policies, roles
from terrace.assurance.access.aws.objects import Objects
from terrace.assurance.access.model import Unknown
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource, blocks
from terrace.authorization.aws import Statement


@dataclass(frozen=True)
class Identity:
    """A role or a user. `boundary` is empty if it has none that the stack defines."""

    name: str
    arn: str
    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...]
    resource: Resource

    def services(self) -> frozenset[str]:
        """The services of which it may have an action."""
        return frozenset().union(*(policies.services(one) for one in self.statements if one.allows))


class Identities:
    """The roles and users of a stack. `unknown` is what is attached to them and not understood."""

    def __init__(self, stack: Subject, objects: Objects) -> None:
        self._stack, self._objects = stack, objects
        self.unknown: list[Unknown] = []
        self.all: list[Identity] = []
        attached = self._attached()
        for role in (*stack.view.all("aws_iam_role"), *stack.view.all("aws_iam_user")):
            arn = objects.arn_of(role)
            own = [*attached.pop(role.address, []), *self._inside(role)]
            boundary = self._boundary(role)
            limits = self._read(boundary.get("policy"), str(boundary)) if boundary is not None else ()
            self.all.append(Identity(objects.principal(arn), arn, tuple(own), tuple(limits), role))
        for listed in attached.values():
            resources = {one.by for one in listed}
            text = "a policy of a role or user that is not in the stack"
            self.unknown += [Unknown(text, by) for by in sorted(resources)]

    def _boundary(self, role: Resource) -> Resource | None:
        """The policy that bounds a role, by reference or by its ARN."""
        value, policies = role.get("permissions_boundary"), self._stack.view.all("aws_iam_policy")
        named = (one for one in policies if str(value).endswith(f":policy/{one.get('name')}"))
        return self._stack.view.target(value) or next(named, None)

    @property
    def statements(self) -> list[Statement]:
        """The statements of all roles."""
        return [statement for one in self.all for statement in one.statements]

    def _attached(self) -> dict[str, list[Statement]]:
        """The statements of policies of their own resources, by the address of the role or user."""
        found: dict[str, list[Statement]] = {}
        view = self._stack.view
        for kind in ("role", "user"):
            for policy in view.all(f"aws_iam_{kind}_policy"):
                holder = self._holder(kind, policy.get(kind))
                found.setdefault(holder, []).extend(self._read(policy.get("policy"), str(policy)))
            for one in view.all(f"aws_iam_{kind}_policy_attachment"):
                holder = self._holder(kind, one.get(kind))
                found.setdefault(holder, []).extend(self._managed(one.get("policy_arn"), str(one)))
            for one in view.all("aws_iam_policy_attachment"):
                for name in one.get(f"{kind}s") or []:
                    holder = self._holder(kind, name)
                    found.setdefault(holder, []).extend(self._managed(one.get("policy_arn"), str(one)))
        return found

    def _inside(self, role: Resource) -> Iterator[Statement]:
        """The statements of policies that the role itself has."""
        for block in blocks(role.attributes, "inline_policy"):
            yield from self._read(block.get("policy"), str(role))
        for arn in role.get("managed_policy_arns") or []:
            yield from self._managed(arn, str(role))

    def _holder(self, kind: str, value: Any) -> str:
        """The address of the role or user that an attribute names, or the attribute as it is."""
        target = self._stack.view.target(value)
        if target is not None:
            return target.address
        named = (one.address for one in self._stack.view.all(f"aws_iam_{kind}") if one.get("name") == value)
        return next(named, str(value))

    def _read(self, document: Any, by: str) -> Iterator[Statement]:
        for one in policies.statements(document, by, self._objects.text):
            if isinstance(one, Statement):
                yield one
            else:
                self.unknown.append(one)

    def _managed(self, arn: Any, by: str) -> Iterator[Statement]:
        """The statements of a managed policy: the stack's own, or AWS's by name."""
        own = self._stack.view.target(arn)
        if own is not None and own.type == "aws_iam_policy":
            yield from self._read(own.get("policy"), by)
            return
        name = str(arn).rpartition("/")[2]
        document = roles.document(name) if ":iam::aws:policy/" in str(arn) else None
        if document is None:
            self.unknown.append(Unknown(f"unknown managed policy {arn}", by))
        else:
            yield from self._read(document, by)
