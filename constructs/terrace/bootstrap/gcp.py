"""The state home on Google Cloud: a KMS key, a bucket for its request logs, and the bucket.

Sources: Cloud Storage documentation, "Customer-managed encryption keys", "Usage logs & storage logs", "Object
versioning", "Public access prevention"; Cloud KMS, "Key rotation".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from terrace.bootstrap import VERSION_DAYS, Foreign, Setting
from terrace.calls import Absent
from terrace.calls.gcp import Denied
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.live.gcp.session import Reader

_SERVICES = ("cloudkms", "storage")
_LOG_DAYS = 365
_KEPT_VERSIONS = 20
_SOFT_DELETE_DAYS = 30
_ROTATION_DAYS = 90
_DAY = 86400
_KEY_USER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_LOG_WRITER = "group:cloud-storage-analytics@google.com"
"""Google's own group that writes usage logs. Source: "Usage logs & storage logs"."""


def settings(environment: Environment, target: Target) -> list[Setting]:
    """The settings of services, key, log bucket and bucket, in the order in which they depend on each other."""
    reader = Reader(names.account(target))
    reader.check_account(target)
    key = _Key(environment, target, reader)
    bucket = _Bucket(environment, target, reader, names.state_bucket(target), key.name)
    log = _Bucket(environment, target, reader, f"{bucket.name}-log", "")
    enabled = [_service(reader, names.account(target), service) for service in _SERVICES]
    return [
        *enabled,
        Setting(key.ring_shown, "exists", "yes", key.ring_exists, key.create_ring),
        Setting(key.shown, "exists", "yes", key.exists, key.create),
        Setting(key.shown, "rotation", f"every {_ROTATION_DAYS} days", key.rotation, key.rotate, _often_enough),
        Setting(key.shown, "users", "Cloud Storage", key.users, key.grant),
        *log.settings(),
        Setting(log.shown, "writers", "Cloud Storage's logs", log.writers, log.let_write),
        Setting(
            log.shown,
            "lifecycle",
            f"logs expire after {_LOG_DAYS} days",
            lambda: log.lifecycle("age"),
            lambda: log.patch({"lifecycle": {"rule": [_rule({"age": _LOG_DAYS})]}}),
            bool,
        ),
        *bucket.settings(),
        Setting(
            bucket.shown,
            "versioning",
            "on",
            lambda: "on" if bucket.get().get("versioning", {}).get("enabled") else "off",
            lambda: bucket.patch({"versioning": {"enabled": True}}),
        ),
        Setting(
            bucket.shown,
            "encryption",
            f"key {key.name}",
            bucket.encryption,
            lambda: bucket.patch({"encryption": {"defaultKmsKeyName": key.name}}),
            lambda found: found.startswith("key "),
        ),
        Setting(
            bucket.shown,
            "soft delete",
            f"{_SOFT_DELETE_DAYS} days",
            bucket.soft_delete,
            lambda: bucket.patch({"softDeletePolicy": {"retentionDurationSeconds": str(_SOFT_DELETE_DAYS * _DAY)}}),
            lambda found: int(found.split()[0]) >= _SOFT_DELETE_DAYS,
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
            f"gs://{log.name}/state",
            bucket.logging,
            lambda: bucket.patch({"logging": {"logBucket": log.name, "logObjectPrefix": "state"}}),
            bool,
        ),
    ]


def destroy(environment: Environment, target: Target) -> list[str]:
    """See terrace.bootstrap.destroy. The key is retained, because copies of old versions need it; its ring cannot be
    deleted."""
    reader = Reader(names.account(target))
    reader.check_account(target)
    key = _Key(environment, target, reader)
    name = names.state_bucket(target)
    for bucket in (
        _Bucket(environment, target, reader, name, key.name),
        _Bucket(environment, target, reader, f"{name}-log", ""),
    ):
        try:
            bucket.exists()
        except Absent:
            continue
        for blob in reader.storage().list_blobs(bucket.name, versions=True):
            reader.change("storage", "objects.delete", bucket=bucket.name, object=blob.name, generation=blob.generation)
        reader.change("storage", "buckets.delete", bucket=bucket.name)
    try:
        key.exists()
    except Absent:
        return []
    return [f"{key.shown}; destroy its versions when no copy of a state is needed"]


def _service(reader: Reader, project: str, service: str) -> Setting:
    name = f"projects/{project}/services/{service}.googleapis.com"

    def read() -> str:
        reader.forget("serviceusage")
        return "yes" if reader.call("serviceusage", "services.get", name=name).get("state") == "ENABLED" else "no"

    def enable() -> None:
        reader.change("serviceusage", "services.enable", name=name)
        reader.forget()

    return Setting(f"service {service}.googleapis.com", "enabled", "yes", read, enable)


@dataclass(frozen=True)
class _Key:
    environment: Environment
    target: Target
    reader: Reader

    @property
    def name(self) -> str:
        return names.state_key(self.target)

    @property
    def _ring(self) -> str:
        return self.name.partition("/cryptoKeys/")[0]

    @property
    def ring_shown(self) -> str:
        return f"key ring {self._ring.rpartition('/')[2]}"

    @property
    def shown(self) -> str:
        return f"key {self._ring.rpartition('/')[2]}/{self.name.rpartition('/')[2]}"

    def _get(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.reader.forget("cloudkms")
        return self.reader.call("cloudkms", f"projects.locations.keyRings.{method}", **parameters)

    def _change(self, method: str, **parameters: Any) -> None:
        self.reader.change("cloudkms", f"projects.locations.keyRings.{method}", **parameters)

    def ring_exists(self) -> str:
        return "yes" if self._get("get", name=self._ring) else ""

    def create_ring(self) -> None:
        self._change(
            "create", parent=self._ring.partition("/keyRings/")[0], keyRingId=self._ring.rpartition("/")[2], body={}
        )

    def exists(self) -> str:
        return "yes" if self._get("cryptoKeys.get", name=self.name) else ""

    def create(self) -> None:
        body = {"purpose": "ENCRYPT_DECRYPT", "labels": {"managed-by": "terrace"}, **_rotation()}
        self._change("cryptoKeys.create", parent=self._ring, cryptoKeyId=self.name.rpartition("/")[2], body=body)

    def rotation(self) -> str:
        period = str(self._get("cryptoKeys.get", name=self.name).get("rotationPeriod", ""))
        return f"every {int(float(period.rstrip('s'))) // _DAY} days" if period else "off"

    def rotate(self) -> None:
        mask = "rotationPeriod,nextRotationTime"
        self._change("cryptoKeys.patch", name=self.name, updateMask=mask, body=_rotation())

    def _agent(self) -> str:
        """Cloud Storage's own identity; the first request makes it."""
        project = names.account(self.target)
        answer = self.reader.call("storage", "projects.serviceAccount.get", projectId=project)
        return f"serviceAccount:{answer['email_address']}"

    def users(self) -> str:
        policy = self._get("cryptoKeys.getIamPolicy", resource=self.name)
        granted = any(
            one["role"] == _KEY_USER and self._agent() in one["members"] for one in policy.get("bindings", [])
        )
        return "Cloud Storage" if granted else ""

    def grant(self) -> None:
        policy = self._get("cryptoKeys.getIamPolicy", resource=self.name)
        bindings = [*policy.get("bindings", []), {"role": _KEY_USER, "members": [self._agent()]}]
        self._change("cryptoKeys.setIamPolicy", resource=self.name, body={"policy": {**policy, "bindings": bindings}})


@dataclass(frozen=True)
class _Bucket:
    environment: Environment
    target: Target
    reader: Reader
    name: str
    key: str

    @property
    def shown(self) -> str:
        return f"bucket {self.name}"

    def settings(self) -> list[Setting]:
        """What both buckets have."""
        return [
            Setting(self.shown, "exists", "yes", self.exists, self.create),
            Setting(
                self.shown,
                "uniform access",
                "on",
                lambda: _on(self._access().get("uniformBucketLevelAccess", {}).get("enabled")),
                lambda: self.patch({"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}),
            ),
            Setting(
                self.shown,
                "public access",
                "prevented",
                lambda: "prevented" if self._access().get("publicAccessPrevention") == "enforced" else "possible",
                lambda: self.patch({"iamConfiguration": {"publicAccessPrevention": "enforced"}}),
            ),
        ]

    def get(self) -> dict[str, Any]:
        """The bucket. Raises Absent, Foreign."""
        self.reader.forget("storage")
        try:
            found = self.reader.call("storage", "buckets.get", bucket=self.name)
        except Denied as denied:
            raise self._foreign("it belongs to another project, or the identity may not read it") from denied
        if str(found.get("projectNumber")) != names.number(self.target):
            raise self._foreign(f"it belongs to project {found.get('projectNumber')}")
        if str(found["location"]).lower() != self.target.region:
            raise self._foreign(f"it is in {found['location'].lower()}, the environment in {self.target.region}")
        return found

    def _foreign(self, reason: str) -> Foreign:
        return Foreign(
            f"bucket {self.name} cannot be used: {reason}",
            hint=f"the environment is in project {names.account(self.target)}; set state.bucket to a name that is not "
            "taken",
        )

    def exists(self) -> str:
        return "yes" if self.get() else ""

    def create(self) -> None:
        """The first settings are part of the request, so that the bucket is never open."""
        body: dict[str, Any] = {
            "name": self.name,
            "location": self.target.region.upper(),
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": True},
                "publicAccessPrevention": "enforced",
            },
            "labels": {"managed-by": "terrace", "project": self.environment.project},
        }
        if self.key:
            body["encryption"] = {"defaultKmsKeyName": self.key}
        self.reader.change("storage", "buckets.insert", project=names.account(self.target), body=body)

    def patch(self, body: Mapping[str, Any]) -> None:
        self.reader.change("storage", "buckets.patch", bucket=self.name, body=dict(body))

    def _access(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get().get("iamConfiguration", {})
        return found

    def encryption(self) -> str:
        key = self.get().get("encryption", {}).get("defaultKmsKeyName", "")
        return f"key {key}" if key else "Google's own key"

    def soft_delete(self) -> str:
        seconds = int(self.get().get("softDeletePolicy", {}).get("retentionDurationSeconds", 0))
        return f"{seconds // _DAY} days"

    def _rules(self) -> list[dict[str, Any]]:
        return list(self.get().get("lifecycle", {}).get("rule", []))

    def lifecycle(self, condition: str) -> str:
        days = [rule["condition"][condition] for rule in self._rules() if condition in rule["condition"]]
        return f"logs expire after {min(days)} days" if days else ""

    def old_versions(self) -> str:
        rules = self._rules()
        early = [rule["condition"] for rule in rules if _is_early(rule)]
        if early:
            return f"old versions expire early: {early[0]}"
        return "old versions never expire early" if rules else ""

    def expire_old_versions(self) -> None:
        """Add Terrace's rule; it replaces rules that remove old versions earlier."""
        own = _rule({"daysSinceNoncurrentTime": VERSION_DAYS, "numNewerVersions": _KEPT_VERSIONS, "isLive": False})
        kept = [rule for rule in self._rules() if not _is_early(rule) and rule["condition"] != own["condition"]]
        self.patch({"lifecycle": {"rule": [*kept, own]}})

    def logging(self) -> str:
        found = self.get().get("logging", {})
        return f"gs://{found['logBucket']}/{found.get('logObjectPrefix', '')}" if found.get("logBucket") else ""

    def writers(self) -> str:
        policy = self._policy()
        role = "roles/storage.objectCreator"
        granted = any(one["role"] == role and _LOG_WRITER in one["members"] for one in policy.get("bindings", []))
        return "Cloud Storage's logs" if granted else ""

    def let_write(self) -> None:
        policy = self._policy()
        binding = {"role": "roles/storage.objectCreator", "members": [_LOG_WRITER]}
        body = {**policy, "bindings": [*policy.get("bindings", []), binding]}
        self.reader.change("storage", "buckets.setIamPolicy", bucket=self.name, body=body)

    def _policy(self) -> dict[str, Any]:
        self.reader.forget("storage")
        return self.reader.call("storage", "buckets.getIamPolicy", bucket=self.name)


def _rotation() -> dict[str, str]:
    following = datetime.now(UTC) + timedelta(days=_ROTATION_DAYS)
    return {"rotationPeriod": f"{_ROTATION_DAYS * _DAY}s", "nextRotationTime": following.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _often_enough(found: str) -> bool:
    return found != "off" and int(found.split()[1]) <= _ROTATION_DAYS


def _on(value: object) -> str:
    return "on" if value else "off"


def _rule(condition: dict[str, Any]) -> dict[str, Any]:
    return {"action": {"type": "Delete"}, "condition": condition}


def _is_early(rule: dict[str, Any]) -> bool:
    """Whether a rule may delete an old version, or a current one, before its time."""
    condition = rule["condition"]
    if rule["action"]["type"] != "Delete":
        return False
    return int(condition.get("daysSinceNoncurrentTime", condition.get("age", 0))) < VERSION_DAYS
