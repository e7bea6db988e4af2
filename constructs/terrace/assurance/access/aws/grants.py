"""The grants of a stack on AWS: what roles may do by their own policies, and everyone by the policies of resources."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from terrace.assurance.access.aws import actions, kubernetes, policies, trust
from terrace.assurance.access.aws.identities import Identities, Identity
from terrace.assurance.access.aws.objects import NAMED, Objects, Place, is_whole_kind, part
from terrace.assurance.access.aws.resources import Policies, meant
from terrace.assurance.access.model import Grant, Unknown, Verb
from terrace.assurance.checks import Subject
from terrace.authorization.aws import Context, Statement
from terrace.aws import names

_OUTSIDE = "identities/outside the stack"
_UNBOUNDED: Context = {"iam:permissionsboundary": "arn:aws:iam::aws:policy/other"}
_LISTS = {"s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads"}
_Found = dict[tuple[Verb, str], tuple[str, ...]]
"""By verb and object, the resources that grant it."""


def grants(stack: Subject) -> Iterator[Grant | Unknown]:
    """Every grant of the stack, and what could grant something and is not understood."""
    objects = Objects(stack)
    identities, owned = Identities(stack, objects), Policies(stack, objects)
    yield from identities.unknown
    yield from owned.unknown
    places = _Places(objects, [*identities.statements, *owned.statements])
    for identity in identities.all:
        for (verb, object), by in _narrowest(_of_identity(stack, identity, places, owned, objects)).items():
            yield Grant(identity.name, verb, object, by)
            if (verb, object) == ("read-secret", "secrets/database-admin"):
                yield Grant(identity.name, "connect", "database/admin", by)
    yield from owned.grants()
    yield from trust.grants(stack, objects, identities)
    yield from kubernetes.grants(stack, objects)


class _Places:
    """The resources to evaluate, by service: those of the stack, one elsewhere, and one for each pattern of a policy
    that names something else."""

    def __init__(self, objects: Objects, statements: Iterable[Statement]) -> None:
        self._objects = objects
        self._by_service: dict[str, dict[str, Place]] = {}
        for place in objects.of_stack():
            self._add(place)
        for pattern in sorted({one for each in statements for one in each.resources or () if each.allows}):
            self._add_sample(pattern)

    def of(self, service: str) -> list[Place]:
        """The resources of a service to evaluate; the last one stands for all others. Who may act as a role of the
        stack is up to its trust."""
        if service == "sts":
            roles = [one for one in self.of("iam") if ":role/" in one.arn and not self._objects.is_role(one.arn)]
            return [one._replace(object=_OUTSIDE) if one.object == "identities/*" else one for one in roles]
        named = "kafka" if service == "kafka-cluster" else service  # what is in a cluster has the service's ARNs
        return [*self._by_service.get(named, {}).values(), *self._objects.elsewhere(service)]

    def _add(self, place: Place) -> None:
        self._by_service.setdefault(place.arn.split(":", 3)[2], {}).setdefault(place.arn, place)

    def _add_sample(self, pattern: str) -> None:
        parts = pattern.split(":", 5)
        if len(parts) < 6 or "*" in parts[2] or is_whole_kind(parts[2], parts[5]):
            return
        known = self._by_service.get(parts[2], {}).values()
        if any(one.arn == pattern or _is_of(pattern, one) for one in known):
            return
        parts[3] = self._objects.region if "*" in parts[3] else parts[3]
        parts[4] = self._objects.account if "*" in parts[4] else parts[4]
        named = ":".join(parts)
        object, sample = self._objects.object_of(named), named.replace("*", "x").replace("?", "x")
        self._add(Place(object, sample))
        if parts[2] == "s3" and "/" not in parts[5] and parts[5].endswith("*"):
            self._add(Place(object, f"{sample}/x"))  # the wildcard includes the bucket's objects


def _is_of(pattern: str, known: Place) -> bool:
    """Whether a pattern is that of a known resource: its ARN with the suffix that AWS appends to a secret's."""
    return pattern.endswith("-??????") and known.arn[:-6] == pattern[:-6]


def _of_identity(stack: Subject, identity: Identity, places: _Places, owned: Policies, objects: Objects) -> _Found:
    """What an identity may do by its own policies and its boundary; a key's policy has to allow it too.

    That the policy of another resource denies it makes no difference: each policy has to be right by itself.
    """
    account = names.account(stack.target)
    context: dict[str, str | None] = {
        "aws:principalarn": identity.arn, "aws:principalaccount": account, "kms:calleraccount": account,
        "aws:securetransport": "true", "s3:tlsversion": "1.3", "aws:requestedregion": stack.target.region,
        "aws:sourceaccount": None, "aws:sourcearn": None, "aws:principalisawsservice": "false",
        "kms:grantisforawsresource": "false", "kms:viaservice": None,
    }  # fmt: skip
    found: _Found = {}
    for service in sorted(identity.services()):
        ways = owned.ways(service)
        more = [*(way.context for way in ways), *([_UNBOUNDED] if service == "iam" else [])]
        evaluated: dict[tuple[Any, ...], list[dict[str, tuple[str, ...]]]] = {}
        for place in places.of(service):
            limits = [identity.boundary] if identity.boundary else []
            if service == "kms" and (of_key := owned.of_key(place.arn, identity.arn)) is not None:
                limits.append(tuple(of_key))
            by, *limits = (
                tuple(one for one in each if one.covers(place.arn)) for each in (identity.statements, *limits)
            )
            if not any(one.allows for one in by):
                continue
            context["kms:resourcealiases"] = alias = objects.alias_of(place.arn)
            same = (alias, *(tuple(map(id, each)) for each in (by, *limits)))  # many resources have the same statements
            if same not in evaluated:
                evaluated[same] = [
                    policies.allowed(service, place.arn, {**context, **one}, by=by, limits=limits) for one in more
                ]
            for way, allowed in zip(ways, evaluated[same], strict=False):
                for verb, object, resources in meant(allowed, place.object, place.arn, way):
                    if verb == "view" and service == "s3" and object != "lake/*":
                        continue  # settings of a bucket; lists of its objects follow
                    found[verb, object] = tuple(dict.fromkeys((*found.get((verb, object), ()), *resources)))
            if service == "s3" and "/" not in place.arn and objects.is_granted(place.object):
                for about, resources in _listed(place.arn, context, by, limits):
                    found["view", f"{place.object}{about}"] = resources
            if service == "iam":
                unbounded = evaluated[same][-1]
                for action in sorted(actions.ESCALATING & set(unbounded)):
                    found.setdefault(("administer", "everything"), unbounded[action])
    return found


def _listed(
    bucket: str, context: Context, by: Sequence[Statement], limits: Sequence[Sequence[Statement]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parts of a bucket whose names may be listed: without a prefix, with one that no policy names, and with each
    that a condition names."""
    patterns = {
        value
        for statement in by
        for keys in statement.condition.values()
        for key, values in keys.items()
        if key.lower() == "s3:prefix"
        for value in values
    }
    prefixes: list[tuple[str, str | None]] = [("", None), ("", "other/x")]
    prefixes += [(part(one), one.replace("*", "x").replace("?", "x")) for one in sorted(patterns)]
    for about, prefix in prefixes:
        allowed = policies.allowed("s3", bucket, {**context, "s3:prefix": prefix}, by=by, limits=limits)
        if resources := [one for action in _LISTS & set(allowed) for one in allowed[action]]:
            yield about, tuple(dict.fromkeys(resources))


def _above(folder: str) -> list[str]:
    """The folders that a folder is in: of `gold/orders/new`, `gold` and `gold/orders`."""
    names = folder.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names))]


def _narrowest(found: _Found) -> _Found:
    """The grants without those that a wider one of the same resources includes. Viewing is one grant on the account, if
    it includes more than named resources."""
    kept: _Found = {}
    for (verb, object), by in found.items():
        kind, _, rest = object.partition("/")
        name, _, way = rest.partition(" by ")
        wider = {f"{kind}/*", f"{kind}/{name}", f"{kind}/* by {way}", *({"state"} if kind == "state" else ())} - {
            object
        }
        wider |= {f"lake/{above}" for above in _above(rest)} if kind == "lake" else set()
        if verb == "view" and (kind != "lake" or name == "*"):
            if kind not in {*NAMED.values(), "state"} or name == "*":
                kept.setdefault(("view", "account"), by)
        elif not any(set(by) <= set(found.get((verb, one), ())) for one in wider if rest):
            kept[verb, object] = by
    return kept
