"""What policies are about: ARNs, and the objects of the model that they name.

Names of resources are Terrace's own (`aws/names.py`). A resource whose ARN is known only after the apply gets a
stand-in from its type and construct path.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from terrace.assurance.access.declared import secrets_of
from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference, Resource
from terrace.aws import names
from terrace.capabilities.data_access import word
from terrace.capabilities.lake import BUCKETS, GRANTED
from terrace.environment import data_access

SINGLE = {
    "elasticloadbalancing": "entry", "wafv2": "entry", "acm": "entry", "backup": "backups", "backup-storage": "backups",
    "eks": "kubernetes", "eks-auth": "kubernetes", "ebs": "volumes",
    "logs": "monitoring", "cloudwatch": "monitoring", "xray": "monitoring", "sns": "monitoring", "events": "monitoring",
    "cloudtrail": "detection", "config": "detection", "guardduty": "detection", "securityhub": "detection",
    "access-analyzer": "detection", "inspector2": "detection", "macie2": "detection",
}  # fmt: skip
"""Services whose resources are one object of the model."""
NAMED = {
    "s3": "lake", "kms": "keys", "secretsmanager": "secrets", "rds-db": "database", "elasticache": "cache",
    "ecr": "registry", "iam": "identities", "sts": "identities", "route53": "dns",
}  # fmt: skip
"""Services whose resources are objects with names."""
_TYPES = {
    "aws_kms_key": "kms", "aws_kms_replica_key": "kms", "aws_route53_zone": "route53", "aws_eks_cluster": "eks",
    "aws_db_instance": "rds", "aws_backup_vault": "backup", "aws_cloudtrail": "cloudtrail",
    "aws_cloudwatch_log_group": "logs",
}  # fmt: skip
_KINDS = {
    "secretsmanager": "secret:", "kms": "key/", "ecr": "repository/", "route53": "hostedzone/", "elasticache": "user:",
    "rds-db": "dbuser:db-other/",
}  # fmt: skip
"""How the resource part of an ARN begins."""
_IAM_KINDS = ("role", "policy", "oidc-provider")
_EC2_VOLUMES = ("volume/", "snapshot/")
_EC2_ACCOUNT = ("instance/", "image/", "launch-template/", "key-pair/", "spot-instances-request/", "fleet/")


class Place(NamedTuple):
    """A resource, by an ARN, and the object that it is."""

    object: str
    arn: str


class Objects:
    """The objects of a stack, and names of those that policies mention besides."""

    def __init__(self, stack: Subject) -> None:
        self._stack = stack
        self.account, self.region = names.account(stack.target), stack.target.region
        self._partition = names.settings(stack.target).partition

    def text(self, value: Any) -> str:
        """A resolved attribute as an ARN, or as the text that it is."""
        if not isinstance(value, Reference):
            return str(value)
        target = self._stack.view.target(value)
        if target is None:
            return str(value)
        return self.arn_of(target, value.attribute)

    def arn_of(self, resource: Resource, attribute: str = "arn") -> str:
        """The ARN of a resource of the stack, from its name or a stand-in."""
        if resource.type == "aws_iam_role":
            return self._arn("iam", f"role/{resource.get('name') or resource}", region="")
        if resource.type == "aws_iam_user":
            return self._arn("iam", f"user/{resource.get('name') or resource}", region="")
        if resource.type == "aws_s3_bucket":
            return f"arn:{self._partition}:s3:::{resource.get('bucket') or resource}"
        if resource.type == "aws_sns_topic":
            return self._arn("sns", str(resource.get("name") or resource))
        if resource.type == "aws_ecr_repository":
            return self._arn("ecr", f"repository/{resource.get('name') or resource}")
        if resource.type == "aws_secretsmanager_secret":
            return self._arn("secretsmanager", f"secret:{resource.get('name') or resource}-aB3dE6")
        if resource.type == "aws_db_instance" and attribute.startswith("master_user_secret"):
            return self._arn("secretsmanager", "secret:rds!db-admin-aB3dE6")
        if resource.type == "aws_kms_key":
            return self._arn("kms", f"key/{resource}")
        service = _TYPES.get(resource.type) or ("elasticloadbalancing" if "_lb" in resource.type else "other")
        return self._arn(service, f"{resource.type} {resource}")

    def _arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        where = self.region if region is None else region
        return f"arn:{self._partition}:{service}:{where}:{self.account}:{resource}"

    def object_of(self, arn: str) -> str:
        """The object that an ARN, which may have wildcards, names."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return "account"
        service, resource = parts[2], parts[5]
        if service == "s3":
            if self._is_plan(resource):
                return "state/plans"
            name, _, key = resource.partition("/")
            object = self._buckets.get(name, f"lake/{name}")
            return f"{object}{part(key)}" if self.is_granted(object) else object
        if service == "kms":
            if known := self._stack.view.target(arn):
                return str(known)
            return resource.removeprefix("key/") if "/keys/" in f"/{resource}" else f"keys/{resource}"
        if service == "secretsmanager":
            name = resource.removeprefix("secret:")
            return self._secrets.get(name[:-7], f"secrets/{name}")
        if service == "rds-db":
            return self._user(resource)
        if service == "elasticache":
            return f"cache/{resource.removeprefix('user:').removeprefix(f'{self._stack.target.prefix}-')}"
        if service == "kafka":
            return _stream(resource)
        if service == "ecr":
            return f"registry/{resource.removeprefix('repository/').removeprefix(f'{self._stack.target.prefix}/')}"
        if service in ("iam", "sts"):
            return f"identities/{self.principal(arn)}"
        if service == "route53":
            zone = resource.rpartition("/")[2]
            entry = "entry/zone" in resource or zone == self._stack.target.existing.dns_zone
            return "dns/entry" if entry else f"dns/{zone}"
        if service == "ec2":
            return "volumes" if resource.startswith(_EC2_VOLUMES) else _ec2(resource)
        return "database" if service == "rds" else SINGLE.get(service, "account")

    def _user(self, resource: str) -> str:
        user = resource.rpartition("/")[2]
        return "database/admin" if user in self._admins else f"database/{user}"

    @cached_property
    def _admins(self) -> set[str]:
        return {str(one.get("username")) for one in self._stack.view.all("aws_db_instance") if one.get("username")}

    @cached_property
    def _buckets(self) -> dict[str, str]:
        target = self._stack.target
        known = {names.bucket(target, name): f"lake/{name}" for name in BUCKETS}
        known |= {names.bucket(target, name, recovery=True): f"lake/{name}-recovery" for name in BUCKETS}
        return known | {names.state_bucket(target): "state"}

    @staticmethod
    def is_granted(object: str) -> bool:
        """Whether an object is a bucket of which modules have folders."""
        return object.removeprefix("lake/") in GRANTED

    def _is_plan(self, object: str) -> bool:
        """Whether an object, as bucket/key, is a bundle of a plan beside the states."""
        target = self._stack.target
        return any(object.startswith(f"{names.state_bucket(target)}/{folder}") for folder in names.plan_folders(target))

    def alias_of(self, key: str) -> str | None:
        """The alias of a key by its ARN; None for a key that is neither of the stack nor of the state home."""
        return self._aliases.get(key)

    @cached_property
    def _aliases(self) -> dict[str, str]:
        aliases = self._stack.view.all("aws_kms_alias")
        of_stack = {self.text(one.get("target_key_id")): str(one.get("name")) for one in aliases}
        return of_stack | {self._state_key: names.state_key(self._stack.target)}

    @property
    def _state_key(self) -> str:
        return self._arn("kms", "key/state")

    @cached_property
    def _secrets(self) -> dict[str, str]:
        prefix = self._stack.target.prefix
        known = {"rds!db-admin": "secrets/database-admin"}
        for module in self._stack.environment.foundation_modules.values():
            for name in secrets_of(module):
                own = name == module.name
                known[f"{prefix}/{name}/app" if own else f"{prefix}-{name}"] = f"secrets/{name}"
        return known

    def principal(self, arn: str) -> str:
        """The name of an identity: a role of the stack or of the account, or someone outside."""
        parts = arn.split(":", 5)
        if arn == self.account or (len(parts) == 6 and parts[4] == self.account and parts[5] == "root"):
            return "account"
        if len(parts) < 6 or parts[4] != self.account:
            return f"foreign {arn if len(parts) < 6 or parts[5] != 'root' else parts[4]}"
        kind, _, path = parts[5].partition("/")
        if kind != "role":
            return f"account {parts[5]}"
        if path.startswith("aws-service-role/"):
            return f"cloud {path.split('/')[1].partition('.')[0]}"
        if path == names.settings(self._stack.target).admin_role:
            return "people admin"
        if path in self._sign_ins:
            return f"sign-in {self._sign_ins[path]}"
        purpose = path.removeprefix(f"{self._stack.target.prefix}-")
        return self._roles.get(purpose, f"account role {path}") if purpose != path else f"account role {path}"

    @cached_property
    def _sign_ins(self) -> dict[str, str]:
        """The roles with which members of groups sign in, to the groups."""
        return {path: group for group, path in names.settings(self._stack.target).groups.items()}

    @cached_property
    def _roles(self) -> dict[str, str]:
        environment = self._stack.environment
        known = {f"group-{word(name)}": f"group {name}" for name in data_access.files(environment)}
        known |= {f"module-{name}": f"module {name}" for name in environment.foundation_modules}
        known |= {name: f"component {name}" for name in (*environment.component_accounts, *ADDONS)}
        known |= {"ci-plan": "pipeline plan", "ci-apply": "pipeline apply", "node": "nodes", "cluster": "cluster"}
        return known | {name: f"service {name}" for name in SERVICES}

    def is_role(self, arn: str) -> bool:
        """Whether an ARN is that of a role of the stack."""
        return any(self.arn_of(role) == arn for role in self._stack.view.all("aws_iam_role"))

    def of_stack(self) -> Iterator[Place]:
        """The resources of the stack, and one of each kind outside it, which stands for all of the kind."""
        for name, object in self._buckets.items():
            for key in ("", "/x"):
                yield Place(object, f"arn:{self._partition}:s3:::{name}{key}")
        for type in ("aws_kms_key", "aws_secretsmanager_secret", "aws_ecr_repository", "aws_iam_role"):
            for resource in self._stack.view.all(type):
                arn = self.arn_of(resource)
                yield Place(self.object_of(arn), arn)
        for purpose, arn in self._stack.target.existing.keys.items():
            yield Place(f"keys/{purpose}", arn)
        yield Place("keys/state", self._state_key)
        yield Place("secrets/database-admin", self._arn("secretsmanager", "secret:rds!db-admin-aB3dE6"))
        for server in self._stack.view.all("aws_db_instance"):
            users = (*(name for name, one in self._stack.environment.foundation_modules.items() if one.needs.database),)
            for user in (*users, *self._admins):
                yield Place(self._user(user), self._arn("rds-db", f"dbuser:{server.type} {server} resource_id/{user}"))
        for one in self._stack.view.all("aws_elasticache_user"):
            arn = self._arn("elasticache", f"user:{one.get('user_id')}")
            yield Place(self.object_of(arn), arn)
        for one in self._stack.view.all("aws_msk_cluster"):
            name = one.get("cluster_name")
            topics = (f"topic/{name}/x/{topic}" for topic in self._stack.environment.all_topics)
            for part_of in (f"cluster/{name}/x", *topics):
                yield Place(_stream(part_of), self._arn("kafka", part_of))
        for zone in self._stack.view.all("aws_route53_zone"):
            arn = f"arn:{self._partition}:route53:::hostedzone/{zone.type} {zone} zone_id"
            yield Place(self.object_of(arn), arn)
        if existing := self._stack.target.existing.dns_zone:
            yield Place("dns/entry", f"arn:{self._partition}:route53:::hostedzone/{existing}")
        for part in ("security-group/sg-0", "network-interface/eni-0", "route-table/rtb-0", "vpc/vpc-0"):
            yield Place("network", self._arn("ec2", part))
        yield Place("volumes", self._arn("ec2", "volume/vol-0"))
        yield Place("volumes", f"arn:{self._partition}:ec2:{self.region}::snapshot/snap-0")
        yield Place("account", self._arn("ec2", "instance/i-0"))

    def elsewhere(self, service: str) -> list[Place]:
        """A resource of a service that is not in the stack, as `KIND/*`."""
        object = f"{NAMED[service]}/*" if service in NAMED else SINGLE.get(service, "account")
        if service == "rds":
            object = "database"
        if service == "ec2":
            return []
        if service == "s3":
            return [Place(object, f"arn:{self._partition}:s3:::other-bucket{key}") for key in ("", "/x")]
        if service == "iam":
            return [Place(object, self._arn("iam", f"{kind}/other", region="")) for kind in _IAM_KINDS]
        kind = _KINDS.get(service, "")
        region = "" if service == "route53" else None
        return [Place(object, self._arn(service, f"{kind}other", region=region))]


def part(key: str) -> str:
    """What of a bucket a pattern of keys is about: `/FOLDER` for all below a folder, `/KEY` for less, empty if it
    includes keys outside of any folder."""
    begins = re.split(r"[*?]", key, maxsplit=1)[0]
    if key == f"{begins}*" and begins.endswith("/"):
        return f"/{begins.rstrip('/')}"
    return f"/{key}" if "/" in begins or begins == key != "" else ""


def is_whole_kind(service: str, resource: str) -> bool:
    """Whether the resource part of an ARN names everything of a kind, for which `elsewhere` has a resource."""
    if service == "iam":
        return resource in {f"{kind}/*" for kind in _IAM_KINDS}
    return resource in ("*", "*/*", f"{_KINDS.get(service, '')}*")


def _stream(resource: str) -> str:
    """A topic; groups, transactions and the cluster are what a client connects with."""
    kind, _, rest = resource.partition("/")
    return f"streams/{rest.rpartition('/')[2]}" if kind == "topic" else "streams/cluster"


def _ec2(resource: str) -> str:
    return "account" if resource.startswith(_EC2_ACCOUNT) else "network"


ADDONS = ("vpc-cni", "aws-ebs-csi-driver", "amazon-cloudwatch-observability")
"""Add-ons with an identity of their own."""
SERVICES = ("trail", "findings", "backup", "replication", "flow-log", "database-monitoring", "sleep")
"""Purposes of the identities that AWS's services use."""
