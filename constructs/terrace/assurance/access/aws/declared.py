"""What the environment declares on AWS: the neutral rows, and those that AWS alone needs, each with its reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from terrace.assurance.access.aws.network import flow_paths
from terrace.assurance.access.aws.objects import NAMED, SINGLE
from terrace.assurance.access.declared import grants as neutral_grants
from terrace.assurance.access.declared import paths as neutral_paths
from terrace.assurance.access.declared import secrets_of
from terrace.assurance.access.model import Declared, Grant, Path, Verb
from terrace.assurance.checks import Subject
from terrace.capabilities.identity import BOOTSTRAP
from terrace.capabilities.keys import RECOVERY_PURPOSES
from terrace.capabilities.lake import GRANTED, REPLICATED
from terrace.environment import data_access

_Row = tuple[Grant, str]
_Rights = Mapping[str, tuple[Verb, ...]]
"""Verbs by object."""
_BOTH: tuple[Verb, ...] = ("decrypt", "encrypt")

_KEY_USERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # purpose: services through which the account's identities use the key, services that use it directly
    "lake": (("s3",), ()),
    "audit": (("s3",), ("cloudtrail", "config", "guardduty")),
    "database": (("rds",), ("rds",)),
    "cluster": (("eks",), ("eks",)),
    "disks": (("ec2",), ("autoscaling",)),
    "logs": ((), ("logs",)),
    "secrets": (("secretsmanager",), ("rds",)),
    "registry": (("ecr",), ("ecr",)),
    "cache": (("elasticache",), ("elasticache",)),
    "events": (
        ("sns", "sqs", "scheduler"),
        ("cloudwatch", "events", "events.rds", "budgets", "costalerts", "backup", "scheduler", "cloudtrail",
         "elasticache"),
    ),
    "backups": (("backup", "s3"), ("backup",)),
}  # fmt: skip
"""Source: AWS KMS Developer Guide, "AWS services that integrate with AWS KMS"; each service's page on encryption."""
_NOTIFIERS = ("cloudwatch", "events", "budgets", "backup", "events.rds", "elasticache", "cloudtrail")
_ASSUMED = {
    "nodes": "ec2", "cluster": "eks", "service trail": "cloudtrail",
    "service backup": "backup", "service flow-log": "vpc-flow-logs", "service database-monitoring": "monitoring.rds",
}  # fmt: skip
_ADDON_PODS = {
    "vpc-cni": "kube-system/aws-node", "aws-ebs-csi-driver": "kube-system/ebs-csi-controller-sa",
    "amazon-cloudwatch-observability": "amazon-cloudwatch/cloudwatch-agent",
}  # fmt: skip


def declared(stack: Subject) -> Declared:
    """Everything that may exist on AWS."""
    paths, grants, lists = list(_paths(stack)), list(_grants(stack)), [*_lists(stack), *_sign_ins(stack)]
    pods = list(_pods(stack))
    grants += list(_of_existing_keys(stack, grants))
    return Declared(
        required_paths=(*neutral_paths(stack.environment), *flow_paths(stack), *(row for row, _ in paths)),
        required_grants=(*neutral_grants(stack.environment), *(row for row, _ in (*lists, *pods))),
        allowed_grants=tuple(row for row, _ in grants),
        reasons=(*paths, *lists, *pods, *grants),
    )


def _paths(stack: Subject) -> Iterator[tuple[Path, str]]:
    https = (443, 443)
    yield Path("nodes", "cloud s3", "tcp", https), "NET-3: nodes reach S3 by the gateway endpoint's prefix list"
    if stack.environment.network.hybrid and stack.environment.cluster:
        yield Path("on-premises", "control", "tcp", https), "NET-7: administrators reach the API by the VPN"


def _grants(stack: Subject) -> Iterator[_Row]:
    yield from _keys(stack)
    yield from _modules(stack)
    yield from _groups(stack)
    if stack.environment.cluster:
        yield from _components(stack)
    if stack.environment.database and stack.environment.cluster:
        yield from _bootstrap(stack)
    yield from _pipelines(stack)
    if stack.environment.cluster:
        yield from _cluster()
    yield from _services(stack)
    if stack.environment.lake.replicate:
        yield from _replication()


def _keys(stack: Subject) -> Iterator[_Row]:
    """KEY-3: the account administers keys and cannot use them but through a service, with a policy of the identity."""
    for purpose, (through, directly) in _key_users(stack).items():
        copies = [f"{purpose}-recovery"] if stack.target.recovery_region and purpose in RECOVERY_PURPOSES else []
        for key in (f"keys/{name}" for name in (purpose, *copies)):
            administration: _Rights = {key: ("change-keys", "change-policy", "delete")}
            yield from _rights("account", administration, "KEY-3: the key's policy leaves these to the account")
            for verb in _BOTH:
                for service in through:
                    yield Grant("account", verb, f"{key} by {service}"), f"KEY-3: identities use it through {service}"
                for service in directly:
                    yield Grant(f"cloud {service}", verb, key), f"KEY-3: {service} encrypts for this account"


def _of_existing_keys(stack: Subject, grants: Iterable[_Row]) -> Iterator[_Row]:
    """Uses of existing keys without a service: the stack does not show their policies, which name the services."""
    existing = {f"keys/{purpose}" for purpose in stack.target.existing.keys}
    for grant, why in grants:
        key = grant.object.partition(" by ")[0]
        if key in existing and grant.principal != "account":
            reason = f"{why}; the owner's policy names the service (KEY-3)"
            yield replace(grant, object=key), reason
            yield Grant(grant.principal, "change-policy", key), reason


def _key_users(stack: Subject) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """_KEY_USERS, with managed streams on the key of events."""
    through, directly = _KEY_USERS["events"]
    streams = ("kafka",) if stack.environment.streams else ()
    return {**_KEY_USERS, "events": ((*through, *streams), directly)}


def _uses(principal: str, purpose: str, verbs: Iterable[Verb], why: str) -> Iterator[_Row]:
    """The use of a key through each of its services: an identity's policy names the key, the key's the services."""
    for verb in verbs:
        for service in _KEY_USERS[purpose.removesuffix("-recovery")][0]:
            yield Grant(principal, verb, f"keys/{purpose} by {service}"), why


def _rights(principal: str, rights: _Rights, why: str) -> Iterator[_Row]:
    """Several rights by object."""
    for object, verbs in rights.items():
        for verb in verbs:
            yield Grant(principal, verb, object), why


def _modules(stack: Subject) -> Iterator[_Row]:
    for name, module in stack.environment.foundation_modules.items():
        principal = f"module {name}"
        yield from _uses(principal, "secrets", ("decrypt",), "SEC-3: reading its own secret")
        if lake := stack.environment.lake_access(module):
            kinds = {right for folders in lake.values() for right in folders.values()}
            verbs = [verb for verb in _BOTH if kinds - {"read" if verb == "encrypt" else "add"}]
            yield from _uses(principal, "lake", verbs, "LAKE-7: objects of its products")
        if stack.environment.streams and stack.environment.topic_access(module):
            yield Grant(principal, "connect", "streams/cluster"), "STREAM-3: it connects, with groups of its own name"
        for secret in secrets_of(module):
            reason = "SEC-1: administrators write given values, which the provider reads back, and rotate (SEC-4)"
            rights: _Rights = {
                f"secrets/{secret}": ("read-secret", "write-secret", "delete", "change-policy", "operate"),
            }  # fmt: skip
            yield from _rights("people admin", rights, reason)
        yield Grant("component external-secrets", "assume", f"identities/{principal}"), "SEC-3: it reads as the module"
        if not stack.target.existing.registry:
            why = "K8S-10: pulled by identities with a policy of theirs"
            yield Grant("account", "read-data", f"registry/{name}"), why


def _groups(stack: Subject) -> Iterator[_Row]:
    for name in data_access.files(stack.environment):
        yield from _uses(f"group {name}", "lake", ("decrypt",), "LAKE-7: objects of the products that it reads")


def _lists(stack: Subject) -> Iterator[_Row]:
    """The names of what modules and groups read, which S3 lists by an action of its own."""
    environment = stack.environment
    lakes = {f"module {name}": environment.lake_access(one) for name, one in environment.foundation_modules.items()}
    lakes |= {f"group {name}": lake for name, lake in data_access.files(environment).items()}
    for principal, lake in lakes.items():
        for bucket, folders in lake.items():
            for folder, right in folders.items():
                if right != "add":
                    yield Grant(principal, "view", f"lake/{bucket}/{folder}"), "LAKE-7: lists of its products"


def _sign_ins(stack: Subject) -> Iterator[_Row]:
    """Who takes the roles of groups."""
    for name in data_access.files(stack.environment):
        reason = "LAKE-7: members of the group sign in with the organisation's role"
        yield Grant(f"sign-in {name}", "assume", f"identities/group {name}"), reason


def _pods(stack: Subject) -> Iterator[_Row]:
    """The pods that act as components."""
    for name, account in stack.environment.component_accounts.items():
        yield Grant(f"pods {account}", "assume", f"identities/component {name}"), "K8S-4: EKS Pod Identity"
    for name, pods in (_ADDON_PODS if stack.environment.makes_cluster else {}).items():
        yield Grant(f"pods {pods}", "assume", f"identities/component {name}"), "K8S-4: EKS Pod Identity of an add-on"


def _components(stack: Subject) -> Iterator[_Row]:
    of_entry = ("load-balancer", "external-dns", "cert-manager") if stack.environment.network.entry else ()
    for name in ("cluster-autoscaler", "velero", *of_entry, *_ADDON_PODS):
        yield Grant(f"component {name}", "view", "account"), "these actions support no resource"
    prefix = f"identities/account role {stack.target.prefix}-module-*"
    yield Grant("component external-secrets", "assume", prefix), "SEC-3: only roles that trust it"
    yield Grant("component velero", "delete", "volumes"), "BAK-2: snapshots that it made"
    yield from _uses("component velero", "backups", _BOTH, "BAK-2: objects of backups")
    yield from _uses("component velero", "disks", _BOTH, "BAK-2: snapshots of encrypted volumes")
    yield Grant("component cluster-autoscaler", "operate", "account"), "K8S-6: capacity of the cluster's groups"
    if stack.environment.network.entry:
        yield Grant("component load-balancer", "operate", "entry"), "NET-6: registers pods as targets"
    interfaces: _Rights = {"network": ("operate", "change-network")}
    yield from _rights("component vpc-cni", interfaces, "AmazonEKS_CNI_Policy: network interfaces of nodes")
    volumes: _Rights = {"volumes": ("operate", "delete")}
    yield from _rights("component aws-ebs-csi-driver", volumes, "AmazonEBSCSIDriverPolicy: the cluster's volumes")
    yield from _uses("component aws-ebs-csi-driver", "disks", _BOTH, "K8S-9: encrypted volumes")
    agent: _Rights = {
        "monitoring": ("write-data",), "detection": ("change-detection",), "secrets/parameters": ("read-secret",),
    }  # fmt: skip
    policy = "CloudWatchAgentServerPolicy: logs, PutRetentionPolicy, parameters AmazonCloudWatch-*"
    yield from _rights("component amazon-cloudwatch-observability", agent, policy)


def _bootstrap(stack: Subject) -> Iterator[_Row]:
    bootstrap = f"component {BOOTSTRAP}"
    secret = "DB-9: the bootstrap job logs in as the administrator"
    yield Grant(bootstrap, "read-secret", "secrets/database-admin"), secret
    yield from _uses(bootstrap, "secrets", ("decrypt",), secret)
    yield Grant("component external-secrets", "assume", f"identities/{bootstrap}"), secret


def _pipelines(stack: Subject) -> Iterator[_Row]:
    plan, apply, identity = "pipeline plan", "pipeline apply", stack.environment.identity
    for pipeline, subjects in identity.workflows(stack.environment.name, stack.environment.tier).items():
        for subject in subjects:
            grant = Grant(f"workflow {subject}", "assume", f"identities/pipeline {pipeline}")
            yield grant, "identity.repository: its workflows (ID-1)"
    for object in ("registry/*", "monitoring"):
        yield Grant(plan, "read-data", object), "ReadOnlyAccess; no data of the platform (docs/operations)"
    yield Grant(plan, "write-data", "state/plans"), "A plan stores its bundle beside the states"
    yield Grant(plan, "encrypt", "keys/state"), "A bundle of a plan is sealed with the state home's key"
    yield Grant(plan, "decrypt", "keys/state"), "S3 decrypts the states with the state home's key"
    for object in dict.fromkeys([*(f"{kind}/*" for kind in NAMED.values()), *SINGLE.values(), *_OTHERS]):
        if object != "identities/*":
            yield Grant(apply, "administer", object), "PowerUserAccess: it creates and changes the foundation"
    for name in ("cluster", *stack.environment.all_topics) if stack.environment.streams else ():
        yield Grant(apply, "administer", f"streams/{name}"), "PowerUserAccess: it creates and changes the foundation"
    yield Grant(apply, "assume", "identities/outside the stack"), "PowerUserAccess: no role of the stack trusts it"
    yield Grant(apply, "assume", "identities/pods"), "PowerUserAccess: only with a token of a pod"
    own = f"{stack.target.prefix}-"
    bounded = "GOV-2: roles and policies of its own names, under the boundary"
    yield Grant(apply, "change-policy", f"identities/account policy/{own}*"), bounded
    for name in (f"account role {own}*", f"account role {own}module-*", "cloud *", "cloud config"):
        yield Grant(apply, "assume", f"identities/{name}"), "PowerUserAccess: only roles that trust it"
    for name in ("cloud *", "cloud config"):
        yield Grant(apply, "change-policy", f"identities/{name}"), "GOV-1: tags of the roles that AWS's services use"
    yield Grant(apply, "pass", "identities/cloud config"), "AUD-3: AWS Config records with its service-linked role"
    for name in (f"account role {own}*", f"account role {own}module-*", *_roles(stack)):
        yield Grant(apply, "change-policy", f"identities/{name}"), bounded
        yield Grant(apply, "pass", f"identities/{name}"), "passes the deployment's roles to services"


_OTHERS = ("account", "volumes", "network", "database", "state")


def _roles(stack: Subject) -> list[str]:
    """The roles of the stack by name."""
    components = (*stack.environment.component_accounts, *(_ADDON_PODS if stack.environment.cluster else ()))
    found = [f"module {name}" for name in stack.environment.foundation_modules]
    found += [f"group {name}" for name in data_access.files(stack.environment)]
    found += [f"component {name}" for name in components] + ["pipeline plan", "pipeline apply", *_ASSUMED]
    found += [name for name in _of_extensions(stack) if name not in found]
    found += ["service replication"] if stack.environment.lake.replicate else []
    found += ["service findings"] if _sends_findings(stack) else []
    return found + (["service sleep"] if stack.environment.cost.sleep else [])


def _of_extensions(stack: Subject) -> Iterator[str]:
    """The roles that extensions declare, which have the deployment's prefix like all roles under the boundary."""
    own = f"account role {stack.target.prefix}-"
    for extension in stack.environment.extensions.values():
        yield from (one.principal for one in extension.grants if one.principal.startswith(own))


def _sends_findings(stack: Subject) -> bool:
    """Whether findings of the recovery region are sent to the home region."""
    return bool(stack.target.recovery_region) and stack.target.settings.owns_account


def _cluster() -> Iterator[_Row]:
    yield Grant("nodes", "view", "account"), "AmazonEKSWorkerNodePolicy"
    yield Grant("nodes", "assume", "identities/pods"), "AmazonEKSWorkerNodePolicy: with the token of a pod on the node"
    yield Grant("nodes", "operate", "account"), "AmazonSSMManagedInstanceCore: reports of the node's agent"
    yield Grant("nodes", "read-secret", "secrets/parameters"), "AmazonSSMManagedInstanceCore: parameters, of which none"
    managed: _Rights = {
        "account": ("view", "operate"), "entry": ("operate",), "volumes": ("operate", "delete"),
        "network": ("change-network",),
    }  # fmt: skip
    yield from _rights("cluster", managed, "AmazonEKSClusterPolicy: what the control plane manages")
    yield from _uses("cluster", "cluster", _BOTH, "K8S-2: secrets in etcd")


def _services(stack: Subject) -> Iterator[_Row]:
    """What AWS's services do by identities and policies of the stack."""
    for role, service in _ASSUMED.items():
        yield Grant(f"cloud {service}", "assume", f"identities/{role}"), "the service that the identity is for"
    for service in _NOTIFIERS:
        yield Grant(f"cloud {service}", "write-data", "monitoring"), "OBS-3: publishes to the topics"
    for service in ("logging.s3", "logdelivery.elasticloadbalancing"):
        yield Grant(f"cloud {service}", "write-data", "lake/access"), "LAKE-6, NET-6: access logs"
    for service in ("cloudtrail", "config"):
        yield Grant(f"cloud {service}", "write-data", "lake/audit"), "AUD-1, AUD-3: deliveries"
    yield Grant("cloud reports", "write-data", "lake/access"), "BAK-4: reports of backup jobs"
    yield Grant("cloud macie", "decrypt", "keys/lake"), "LAKE-8: Macie searches the lake if the environment enables it"
    if _sends_findings(stack):
        yield Grant("cloud events", "assume", "identities/service findings"), "AUD-5: the rules of the recovery region"
        yield Grant("service findings", "write-data", "monitoring"), "AUD-5: findings of the recovery region"
    yield Grant("service trail", "write-data", "monitoring"), "AUD-1: the trail's log group"
    yield from _rights("service flow-log", {"account": ("view",), "monitoring": ("write-data",)}, "NET-5: flow logs")
    monitors: _Rights = {"monitoring": ("read-data", "write-data"), "detection": ("change-detection",)}
    yield from _rights("service database-monitoring", monitors, "AmazonRDSEnhancedMonitoringRole")
    yield from _backup()
    if stack.environment.cost.sleep:
        yield Grant("cloud scheduler", "assume", "identities/service sleep"), "COST-2: schedules"
        for object in ("database", "kubernetes"):
            yield Grant("service sleep", "operate", object), "COST-2: stops the database, resizes pools"
        yield from _uses("service sleep", "events", ("decrypt",), "COST-2: schedules are encrypted")
        if stack.environment.streams:
            grant = Grant("service sleep", "decrypt", "keys/events by kafka")
            yield grant, "COST-2: its policy names the key of events, which encrypts streams, too"


def _backup() -> Iterator[_Row]:
    """AWS Backup's own policies; they cover restores, and services that the platform does not back up by it."""
    keys: tuple[Verb, ...] = ("decrypt", "encrypt")
    objects: tuple[Verb, ...] = ("read-data", "write-data", "change-policy", "operate")
    rights: _Rights = {
        "lake/*": objects, "state": objects, "database": ("change-policy", "operate", "delete"),
        "volumes": ("change-policy", "operate", "delete"), "kubernetes": ("change-policy", "operate"),
        "network": ("operate",), "backups": ("operate",), "detection": ("change-detection",),
        "account": ("operate", "view"), "identities/*": ("pass",),
        "keys/* by ec2": keys, "keys/* by rds": keys, "keys/* by s3": keys,
    }  # fmt: skip
    yield from _rights("service backup", rights, "AWSBackupServiceRolePolicyFor*: backup and restore (BAK-1)")


def _replication() -> Iterator[_Row]:
    """LAKE-5: copies of buckets in the recovery region."""
    role = "service replication"
    yield Grant("cloud s3", "assume", f"identities/{role}"), "LAKE-5: S3 copies"
    for name in REPLICATED:
        for verb in ("read-data", "view") if name in GRANTED else ("read-data",):
            yield Grant(role, verb, f"lake/{name}"), "LAKE-5: reads originals"
        yield Grant(role, "write-data", f"lake/{name}-recovery"), "LAKE-5: writes copies"
    for purpose in ("lake", "backups"):
        yield from _uses(role, purpose, ("decrypt",), "LAKE-5: reads originals")
        yield from _uses(role, f"{purpose}-recovery", ("encrypt",), "LAKE-5: writes copies")
