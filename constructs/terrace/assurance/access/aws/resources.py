"""Policies of resources: buckets, keys, secrets, topics, repositories, backup vaults."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from terrace.assurance.access.aws import actions, policies
from terrace.assurance.access.aws.callers import Caller, callers
from terrace.assurance.access.aws.objects import Objects
from terrace.assurance.access.model import Grant, Unknown, Verb
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource
from terrace.authorization.aws import Context, Statement

_ATTACHED = (
    ("aws_s3_bucket_policy", "bucket", "aws_s3_bucket"),
    ("aws_kms_key_policy", "key_id", "aws_kms_key"),
    ("aws_secretsmanager_secret_policy", "secret_arn", "aws_secretsmanager_secret"),
    ("aws_sns_topic_policy", "arn", "aws_sns_topic"),
    ("aws_ecr_repository_policy", "repository", "aws_ecr_repository"),
    ("aws_backup_vault_policy", "backup_vault_name", "aws_backup_vault"),
)
"""Types of policies, the attribute that names what they belong to, and its type."""
_OWN = ("aws_kms_key", "aws_secretsmanager_secret", "aws_sns_topic")
"""Types with a policy of their own as an attribute."""
_KEPT: dict[str, tuple[tuple[Verb, str, str], ...]] = {
    # type: verb, service, actions
    "aws_secretsmanager_secret": (
        ("read-secret", "secretsmanager", "getsecretvalue"),
        ("write-secret", "secretsmanager", "putsecretvalue updatesecret updatesecretversionstage restoresecret"
         " rotatesecret cancelrotatesecret"),
        ("delete", "secretsmanager", "deletesecret"),
        ("change-policy", "secretsmanager", "putresourcepolicy deleteresourcepolicy"),
        ("operate", "secretsmanager", "replicatesecrettoregions removeregionsfromreplication"
         " stopreplicationtoreplica tagresource untagresource"),
    ),
    "aws_backup_vault": (("delete", "backup", "deleterecoverypoint updaterecoverypointlifecycle"),),
}  # fmt: skip
"""What the policy of a resource has to deny to the account's other identities, whatever their own policies allow."""


class Way(NamedTuple):
    """A special way of a request: what it adds to the context and to the object's name, and the verbs that it is about
    (empty: all)."""

    suffix: str = ""
    context: Context = {}
    verbs: tuple[Verb, ...] = ()


@dataclass(frozen=True)
class _Owner:
    """A resource with the statements of its policies; `by` is the policy, or the resource without one."""

    resource: Resource
    object: str
    arns: tuple[str, ...]
    statements: tuple[Statement, ...]
    by: str


class Policies:
    """The policies of a stack's resources. `unknown` is what is not understood in them."""

    def __init__(self, stack: Subject, objects: Objects) -> None:
        self._stack, self._objects = stack, objects
        self.unknown: list[Unknown] = []
        self._owners = list(self._read())
        self._by_arn = {arn: owner for owner in self._owners for arn in owner.arns}

    @property
    def statements(self) -> list[Statement]:
        """The statements of all policies."""
        return [statement for owner in self._owners for statement in owner.statements]

    def ways(self, service: str) -> list[Way]:
        """How an identity can use a service: keys directly and through each service that some policy names, roles with
        any boundary and passed to any service."""
        if service == "iam":
            return [Way(), Way(" to any service", {"iam:passedtoservice": "any.amazonaws.com"}, ("pass",))]
        if service != "kms":
            return [Way()]
        named = {
            value
            for statement in self.statements
            for keys in statement.condition.values()
            for key, values in keys.items()
            if key.lower() == "kms:viaservice"
            for value in values
        }
        through = sorted(one for one in named if "*" not in one)
        return [
            Way(),
            *(Way(f" by {one.partition('.')[0]}", {"kms:viaservice": one}, ("decrypt", "encrypt")) for one in through),
        ]

    def of_key(self, arn: str, caller: str) -> list[Statement] | None:
        """The statements of a key's policy about an identity; None for a key that is not in the stack."""
        owner = self._by_arn.get(arn)
        if owner is None:
            return None
        return [one for one in owner.statements if one.is_for("AWS", caller)]

    def grants(self) -> Iterator[Grant]:
        """What the policies of resources grant by themselves."""
        for owner in self._owners:
            by_all: set[tuple[Verb, str]] = set()
            found: list[Grant] = []
            for caller in callers(owner.statements, self._objects):
                for grant in self._to(caller, owner):
                    if caller.name == "anyone":
                        by_all.add((grant.verb, grant.object))
                    found.append(grant)
            for grant in found:
                if grant.principal == "anyone" or (grant.verb, grant.object) not in by_all:
                    yield grant
            yield from self._kept(owner)

    def _to(self, caller: Caller, owner: _Owner) -> Iterator[Grant]:
        """What the policies of one resource grant to a caller; to one that they name, what they do not leave to the
        account."""
        delegated = caller.name == "account" or caller.name.startswith("foreign")
        mine = [
            one
            for one in owner.statements
            if one.is_for(caller.kind, caller.value, delegated=delegated or not one.allows)
        ]
        seen: set[tuple[Verb, str]] = set()
        for arn in (*owner.arns, *_samples(owner)):
            service = arn.split(":", 3)[2]
            for way in self.ways(service) if caller.kind == "AWS" else [Way()]:
                allowed = policies.allowed(service, arn, {**caller.context, **way.context}, by=mine)
                for verb, object, by in meant(allowed, owner.object, arn, way):
                    wide = object.partition(" by ")[0]
                    if verb != "view" and (verb, object) not in seen and (verb, wide) not in seen:
                        seen.add((verb, object))
                        yield Grant(caller.name, verb, object, by)

    def _kept(self, owner: _Owner) -> Iterator[Grant]:
        """Who is exempt from what the policy of a resource should deny; others of the account are `account`."""
        for verb, service, listed in _KEPT.get(owner.resource.type, ()):
            kept = {f"{service}:{action}" for action in listed.split()}
            for name in self._exempt(owner, service, kept):
                yield Grant(name, verb, owner.object, (owner.by,))

    def _exempt(self, owner: _Owner, service: str, kept: set[str]) -> Iterator[str]:
        """The callers to whom the policy of a resource leaves some of these actions."""
        for caller in callers(owner.statements, self._objects):
            if caller.kind != "AWS" or caller.name == "anyone":
                continue
            denials = [one for one in owner.statements if not one.allows and one.is_for(caller.kind, caller.value)]
            denied = {
                action
                for one in denials
                if one.covers(owner.arns[0]) and one.applies(caller.context)
                for action in policies.named(one, service)
            }
            if kept - denied:
                yield caller.name

    def _read(self) -> Iterator[_Owner]:
        attached: dict[str, list[Resource]] = {}
        for type, attribute, of in _ATTACHED:
            for policy in self._stack.view.all(type):
                target = self._owner(policy.get(attribute), of)
                if target is None:
                    self.unknown.append(Unknown(f"a policy of {policy.get(attribute)}, not in the stack", str(policy)))
                else:
                    attached.setdefault(target.address, []).append(policy)
        for of in (*dict.fromkeys(of for _, _, of in _ATTACHED),):
            for resource in self._stack.view.all(of):
                yield self._of_resource(resource, attached.get(resource.address, []))

    def _of_resource(self, resource: Resource, attached: list[Resource]) -> _Owner:
        statements: list[Statement] = []
        for policy in attached:
            statements += self._statements(policy.get("policy"), str(policy))
        own = resource.get("policy") if resource.type in _OWN else None
        if own:
            statements += self._statements(own, str(resource))
        elif resource.type == "aws_kms_key" and not attached:
            statements += self._statements(_default(self._objects.account), str(resource))
        arn = self._objects.arn_of(resource)
        arns = (arn, f"{arn}/x") if resource.type == "aws_s3_bucket" else (arn,)
        by = str(attached[-1]) if attached else str(resource)
        return _Owner(resource, self._objects.object_of(arn), arns, tuple(statements), by)

    def _owner(self, value: Any, type: str) -> Resource | None:
        target = self._stack.view.target(value)
        if target is not None and target.type == type:
            return target
        texts = {str(value), self._objects.text(value)}
        for one in self._stack.view.all(type):
            if texts & {str(one.get("name")), str(one.get("bucket")), self._objects.arn_of(one)}:
                return one
        return None

    def _statements(self, document: Any, by: str) -> list[Statement]:
        found = list(policies.statements(document, by, self._objects.text))
        self.unknown += [one for one in found if isinstance(one, Unknown)]
        return [one for one in found if isinstance(one, Statement)]


def _samples(owner: _Owner) -> Iterator[str]:
    """An ARN for each part of the resource that its policy names, such as a prefix of a bucket."""
    for pattern in {one for each in owner.statements if each.allows for one in each.resources or ()}:
        if pattern not in owner.arns and pattern.startswith(f"{owner.arns[0]}/"):
            yield pattern.replace("*", "x").replace("?", "x")


def _default(account: str) -> dict[str, Any]:
    """The policy of a key without one. Source: AWS KMS Developer Guide, "Default key policy"."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    return {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]}


def meant(
    found: dict[str, tuple[str, ...]], object: str, arn: str, way: Way = Way()
) -> Iterator[tuple[Verb, str, tuple[str, ...]]]:
    """What allowed actions mean on a resource, one for each verb and object."""
    merged: dict[tuple[Verb, str], tuple[str, ...]] = {}
    for action, meaning in actions.meanings(frozenset(found), arn, way.verbs) if found else ():
        about = meaning.object or object
        if meaning.verb == "connect" and about.startswith("streams/"):
            about = "streams/cluster"  # describing a topic is a part of connecting
        key = (meaning.verb, f"{about}{way.suffix}")
        merged[key] = (*merged.get(key, ()), *found[action])
    for (verb, about), by in merged.items():
        yield verb, about, tuple(dict.fromkeys(by))
