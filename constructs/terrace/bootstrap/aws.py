"""The state home on AWS: a KMS key, a bucket for its request logs, and the bucket. Every request names the account.

Sources: S3 User Guide, "Security best practices"; AWS KMS, "Key policies"; S3, "Enabling server access logging".
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from terrace.aws import names
from terrace.bootstrap import VERSION_DAYS, Foreign, Setting
from terrace.calls import Absent, Unreadable
from terrace.calls.aws import explained
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.aws.session import Reader
from terrace.purge import aws as purge

_LOG_DAYS = 365
_KEPT_VERSIONS = 20
_RULE = "terrace-old-versions"
_PRIVATE = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def settings(environment: Environment, target: Target) -> list[Setting]:
    """The settings of key, log bucket and bucket, in the order in which they depend on each other."""
    reader = Reader(target)
    reader.check_account()
    key = _Key(environment, target, reader)
    bucket = _Bucket(environment, target, reader, names.state_bucket(target))
    log = _Bucket(environment, target, reader, f"{bucket.name}-log")
    prefix = "state/"
    return [
        Setting(key.shown, "exists", "yes", key.exists, key.create),
        Setting(key.shown, "rotation", "yearly", key.rotation, key.rotate),
        *log.settings(log.logs_allowed, "TLS 1.2 only, S3 writes logs"),
        Setting(log.shown, "lifecycle", f"logs expire after {_LOG_DAYS} days", log.expiry, log.expire, bool),
        *bucket.settings(bucket.tls, "TLS 1.2 only"),
        Setting(bucket.shown, "versioning", "Enabled", bucket.versioning, bucket.version),
        Setting(
            bucket.shown,
            "encryption",
            "aws:kms with its own key",
            lambda: bucket.encryption(key.arn()),
            lambda: bucket.encrypt(key.arn()),
            lambda found: found.startswith("aws:kms with key"),
        ),
        Setting(
            bucket.shown,
            "lifecycle",
            f"old versions expire after {VERSION_DAYS} days, not the last {_KEPT_VERSIONS}",
            bucket.old_versions,
            bucket.expire_old_versions,
            lambda found: found == "old versions never expire early",
        ),
        Setting(
            bucket.shown,
            "request log",
            f"s3://{log.name}/{prefix}",
            bucket.logging,
            lambda: bucket.log_to(log.name, prefix),
            bool,
        ),
    ]


def destroy(environment: Environment, target: Target) -> list[str]:
    """See terrace.bootstrap.destroy. The key is retained, because copies of old versions need it."""
    reader = Reader(target)
    reader.check_account()
    name = names.state_bucket(target)
    for bucket in (_Bucket(environment, target, reader, name), _Bucket(environment, target, reader, f"{name}-log")):
        try:
            bucket.exists()
        except Absent:
            continue
        purge.empty(reader, bucket.name, target.region)
        bucket.ask("delete_bucket")
    key = _Key(environment, target, reader)
    try:
        key.arn()
    except Absent:
        return []
    return [f"{key.shown}; schedule its deletion when no copy of a state is needed"]


@dataclass(frozen=True)
class _Key:
    environment: Environment
    target: Target
    reader: Reader

    @property
    def alias(self) -> str:
        return names.state_key(self.target)

    @property
    def shown(self) -> str:
        return f"key {self.alias}"

    def _ask(self, operation: str, **parameters: Any) -> Any:
        with explained("kms", operation):
            return getattr(self.reader.client("kms"), operation)(**parameters)

    def arn(self) -> str:
        """The key's ARN. Raises Absent."""
        return str(self._ask("describe_key", KeyId=self.alias)["KeyMetadata"]["Arn"])

    def exists(self) -> str:
        return "yes" if self.arn() else ""

    def create(self) -> None:
        """Create the key, then its alias: a run that loses the race for the alias deletes its key again."""
        tags = [{"TagKey": key, "TagValue": value} for key, value in _tags(self.environment).items()]
        created = self._ask("create_key", Description=f"Terraform's states of {self.environment.project}", Tags=tags)
        key = created["KeyMetadata"]["KeyId"]
        try:
            self._ask("create_alias", AliasName=self.alias, TargetKeyId=key)
        except Unreadable:
            self._ask("schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
            raise

    def rotation(self) -> str:
        return "yearly" if self._ask("get_key_rotation_status", KeyId=self.arn())["KeyRotationEnabled"] else "off"

    def rotate(self) -> None:
        self._ask("enable_key_rotation", KeyId=self.arn())


@dataclass(frozen=True)
class _Bucket:
    environment: Environment
    target: Target
    reader: Reader
    name: str

    @property
    def shown(self) -> str:
        return f"bucket {self.name}"

    @property
    def arn(self) -> str:
        return f"arn:{names.settings(self.target).partition}:s3:::{self.name}"

    def settings(self, policy: "Callable[[], _Policy]", allowed: str) -> list[Setting]:
        """What both buckets have."""
        return [
            Setting(self.shown, "exists", "yes", self.exists, self.create),
            Setting(self.shown, "public access", "blocked", self.public_access, self.block),
            Setting(self.shown, "owner of objects", "BucketOwnerEnforced", self.ownership, self.own),
            Setting(self.shown, "policy", allowed, lambda: policy().found(allowed), lambda: policy().write()),
            Setting(self.shown, "tags", _shown(_tags(self.environment)), self.tags, self.tag),
        ]

    def ask(self, operation: str, **parameters: Any) -> Any:
        owner = names.account(self.target)
        with explained("s3", operation):
            client = self.reader.client("s3")
            return getattr(client, operation)(Bucket=self.name, ExpectedBucketOwner=owner, **parameters)

    def exists(self) -> str:
        try:
            region = self.ask("head_bucket").get("BucketRegion") or self.target.region
        except Unreadable as refused:
            raise Foreign(
                f"bucket {self.name} belongs to another account, or a policy refuses access to it: {refused.message}",
                hint=f"the environment is in account {names.account(self.target)}; set state.bucket to a name that is "
                "not taken",
            ) from refused
        if region != self.target.region:
            raise Foreign(
                f"bucket {self.name} is in {region}, the environment in {self.target.region}",
                hint="set state.bucket to another name",
            )
        return "yes"

    def create(self) -> None:
        # us-east-1 is S3's default and refused as a constraint. Source: S3 API, CreateBucket
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.target.region}}
        with explained("s3", "create_bucket"):
            client = self.reader.client("s3")
            client.create_bucket(Bucket=self.name, **({} if self.target.region == "us-east-1" else place))

    def public_access(self) -> str:
        found = self.ask("get_public_access_block")["PublicAccessBlockConfiguration"]
        return "blocked" if all(found.get(name) for name in _PRIVATE) else "not blocked"

    def block(self) -> None:
        self.ask("put_public_access_block", PublicAccessBlockConfiguration=dict.fromkeys(_PRIVATE, True))

    def ownership(self) -> str:
        return str(self.ask("get_bucket_ownership_controls")["OwnershipControls"]["Rules"][0]["ObjectOwnership"])

    def own(self) -> None:
        controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        self.ask("put_bucket_ownership_controls", OwnershipControls=controls)

    def tags(self) -> str:
        found = {tag["Key"]: tag["Value"] for tag in self.ask("get_bucket_tagging")["TagSet"]}
        wanted = _tags(self.environment)
        return _shown({key: value for key, value in found.items() if key in wanted})

    def tag(self) -> None:
        """Other tags of the bucket remain."""
        try:
            found = {tag["Key"]: tag["Value"] for tag in self.ask("get_bucket_tagging")["TagSet"]}
        except Absent:
            found = {}
        tags = [{"Key": key, "Value": value} for key, value in {**found, **_tags(self.environment)}.items()]
        self.ask("put_bucket_tagging", Tagging={"TagSet": tags})

    def versioning(self) -> str:
        return str(self.ask("get_bucket_versioning").get("Status", "off"))

    def version(self) -> None:
        self.ask("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})

    def encryption(self, key: str) -> str:
        rules = self.ask("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"]
        default = rules[0]["ApplyServerSideEncryptionByDefault"]
        algorithm, used = default["SSEAlgorithm"], default.get("KMSMasterKeyID", "")
        if not algorithm.startswith("aws:kms") or not used:
            return str(algorithm)  # without a key: AWS's own
        return "aws:kms with its own key" if used == key else f"aws:kms with key {used}"

    def encrypt(self, key: str) -> None:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        self.ask("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [rule]})

    def _rules(self) -> list[dict[str, Any]]:
        try:
            return list(self.ask("get_bucket_lifecycle_configuration")["Rules"])
        except Absent:
            return []

    def old_versions(self) -> str:
        rules = [rule for rule in self._rules() if rule["Status"] == "Enabled"]
        early = [_days(rule) for rule in rules if _days(rule) < VERSION_DAYS]
        if early:
            return f"old versions expire after {min(early)} days"
        return "old versions never expire early" if rules else ""

    def expire_old_versions(self) -> None:
        """Add Terrace's rule, and lengthen rules of others that remove old versions earlier."""
        kept = [rule for rule in self._rules() if rule.get("ID") != _RULE]
        for rule in kept:
            if _days(rule) < VERSION_DAYS:
                rule["NoncurrentVersionExpiration"]["NoncurrentDays"] = VERSION_DAYS
        ends = {"NoncurrentDays": VERSION_DAYS, "NewerNoncurrentVersions": _KEPT_VERSIONS}
        own = {
            "ID": _RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": ends,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
        self.ask("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [*kept, own]})

    def expiry(self) -> str:
        return f"logs expire after {_LOG_DAYS} days" if self._rules() else ""

    def expire(self) -> None:
        rule = {"ID": _RULE, "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": _LOG_DAYS}}
        self.ask("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [rule]})

    def logging(self) -> str:
        target = self.ask("get_bucket_logging").get("LoggingEnabled")
        return f"s3://{target['TargetBucket']}/{target.get('TargetPrefix', '')}" if target else "off"

    def log_to(self, bucket: str, prefix: str) -> None:
        enabled = {"TargetBucket": bucket, "TargetPrefix": prefix}
        self.ask("put_bucket_logging", BucketLoggingStatus={"LoggingEnabled": enabled})

    def tls(self) -> "_Policy":
        everything = [self.arn, f"{self.arn}/*"]
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
        plain = {"Sid": "RefusePlainHttp", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        old = {"Sid": "RefuseOldTls", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}
        return _Policy(self, (plain, old))

    def logs_allowed(self) -> "_Policy":
        deliver = {
            "Sid": "DeliverLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{self.arn}/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": names.account(self.target)}},
        }
        return _Policy(self, (*self.tls().statements, deliver))


@dataclass(frozen=True)
class _Policy:
    """Statements that a bucket's policy must have; statements of others remain."""

    bucket: _Bucket
    statements: tuple[dict[str, Any], ...]

    def _present(self) -> list[dict[str, Any]]:
        try:
            present = json.loads(self.bucket.ask("get_bucket_policy")["Policy"])["Statement"]
        except Absent:
            return []
        return present if isinstance(present, list) else [present]

    def found(self, wanted: str) -> str:
        present = self._present()
        if all(statement in present for statement in self.statements):
            return wanted
        return "without these statements" if present else ""

    def write(self) -> None:
        own = {statement["Sid"] for statement in self.statements}
        kept = [statement for statement in self._present() if statement.get("Sid") not in own]
        policy = {"Version": "2012-10-17", "Statement": [*kept, *self.statements]}
        self.bucket.ask("put_bucket_policy", Policy=json.dumps(policy))


def _days(rule: dict[str, Any]) -> int:
    """The days after which a rule removes an old version; a rule that does not is as one that does so late."""
    return int(rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays", 10**6))


def _tags(environment: Environment) -> dict[str, str]:
    return {"managed-by": "terrace", "owner": environment.ownership.owner, "project": environment.project}


def _shown(tags: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
