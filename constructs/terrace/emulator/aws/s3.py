"""S3: logging, replication, notifications, request metrics, and conditions of a bucket policy."""

import json
from copy import deepcopy
from typing import Any
from xml.etree import ElementTree

import moto.s3.models as models
from moto.core.responses import ActionResult, EmptyResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import BucketAccessDeniedError, ReplicationConfigurationNotFoundError
from moto.s3.responses import S3Response

from terrace.emulator.aws.patch import Function, service_error, state_of, wrap

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# sub-resources that stock moto mistakes for the bucket itself
_UNSUPPORTED = ("analytics", "intelligent-tiering")


def conditional_policies() -> None:
    """Stock moto ignores the Condition of a bucket policy's statement, so a Deny of plain HTTP denies everything. The
    patch ignores every statement with a condition, Deny and Allow."""

    @wrap(models.FakeBucket, "get_permission")
    def get_permission(original: Function, self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return original(self, action, resource)
        policy = json.loads(self.policy)
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        policy["Statement"] = [statement for statement in statements if "Condition" not in statement]
        if not policy["Statement"]:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def log_permissions() -> None:
    """Stock moto expects a service principal in each statement of the target bucket's policy and fails on "*", which
    every Deny of plain HTTP has."""

    def permits(target_bucket: Any, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        for statement in json.loads(target_bucket.policy)["Statement"]:
            principal = statement["Principal"]
            services = principal.get("Service", []) if isinstance(principal, dict) else []
            if statement["Effect"] == "Allow" and "logging.s3.amazonaws.com" in services:
                return True
        return False

    models.FakeBucket._log_permissions_enabled_policy = staticmethod(permits)


def log_key_format() -> None:
    """Stock moto drops the format of the log objects' keys (partitioned or simple): it drifts."""

    @wrap(S3Response, "get_bucket_logging")
    def get_bucket_logging(original: Function, self: Any) -> Any:
        logging = self.backend.get_bucket_logging(self.bucket_name) or {}
        key_format = logging.get("TargetObjectKeyFormat")
        if not key_format:
            return original(self)
        self.data["Action"] = "GetBucketLogging"
        partitioned = key_format.get("PartitionedPrefix")
        enabled = {
            "TargetBucket": logging["TargetBucket"],
            "TargetPrefix": logging["TargetPrefix"],
            "TargetObjectKeyFormat": {"PartitionedPrefix": dict(partitioned)} if partitioned else {"SimplePrefix": {}},
        }
        return self.serialized(ActionResult({"LoggingEnabled": enabled}))


def replication() -> None:
    """Stock moto returns a replication rule without its filter, its selection of encrypted objects and its delete
    markers, and with minutes as text: every rule drifts."""

    @wrap(S3Response, "get_bucket_replication")
    def get_bucket_replication(original: Function, self: Any) -> Any:
        self.data["Action"] = "GetBucketReplication"
        stored = self.backend.get_bucket_replication(self.bucket_name)
        if not stored:
            raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
        rules = [_replication_rule(rule) for rule in stored["Rule"]]
        return self.serialized(ActionResult({"ReplicationConfiguration": {"Role": stored["Role"], "Rules": rules}}))


def event_bridge_notifications() -> None:
    """Stock moto does not return that a bucket sends its events to EventBridge: the flag drifts."""

    @wrap(S3Response, "get_bucket_notification")
    def get_bucket_notification(original: Function, self: Any) -> Any:
        status, headers, body = original(self)
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration is None or configuration.event_bridge is None:
            return status, headers, body
        root = (
            ElementTree.fromstring(body) if body else ElementTree.Element(f"{{{_NAMESPACE}}}NotificationConfiguration")
        )
        name = f"{{{_NAMESPACE}}}EventBridgeConfiguration"
        if root.find(name) is None:
            ElementTree.SubElement(root, name)
        headers = {key: value for key, value in headers.items() if key.lower() != "content-length"}
        return status, headers, ElementTree.tostring(root, encoding="unicode", default_namespace=_NAMESPACE)


def request_metrics() -> None:
    """Stock moto mistakes `PUT ?metrics` for CreateBucket and `DELETE ?metrics` for DeleteBucket."""

    @wrap(S3Response, "_bucket_response_put")
    def put(original: Function, self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        if "metrics" not in querystring:
            _refuse_unsupported(querystring)
            return original(self, request, bucket_name, querystring)
        _metrics(self)[querystring["id"][0]] = self.body
        return 200, {}, ""

    @wrap(S3Response, "_bucket_response_get")
    def get(original: Function, self: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        if "metrics" not in querystring:
            _refuse_unsupported(querystring)
            return original(self, bucket_name, querystring)
        if "id" not in querystring:
            self.data["Action"] = "ListBucketMetricsConfigurations"
            listed = [{"Id": name} for name in _metrics(self)]
            return self.serialized(ActionResult({"MetricsConfigurationList": listed, "IsTruncated": False}))
        self.data["Action"] = "GetBucketMetricsConfiguration"
        configuration = _metrics(self).get(querystring["id"][0])
        if configuration is None:
            missing = service_error("NoSuchConfiguration", "The specified configuration does not exist.")
            _, headers, body = self.serialized(ActionResult(missing))
            return 404, headers, body
        return 200, {}, configuration

    @wrap(S3Response, "_bucket_response_delete")
    def delete(original: Function, self: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        if "metrics" not in querystring:
            _refuse_unsupported(querystring)
            return original(self, bucket_name, querystring)
        self.data["Action"] = "DeleteBucketMetricsConfiguration"
        _metrics(self).pop(querystring["id"][0], None)
        _, headers, body = self.serialized(EmptyResult())
        return 204, headers, body


def expected_owner() -> None:
    """Stock moto ignores the account that a request expects to own the bucket (ExpectedBucketOwner)."""

    def require_owner(self: Any, request: Any, full_url: str) -> None:
        expected = request.headers.get("x-amz-expected-bucket-owner")
        bucket = self.parse_bucket_name_from_url(request, full_url)
        _, owner = models.s3_backends.bucket_accounts.get(bucket, ("", expected))
        if expected and owner != expected:
            raise BucketAccessDeniedError(bucket=bucket)

    for kind in ("_bucket_response", "_key_response"):

        @wrap(S3Response, kind)
        def respond(original: Function, self: Any, request: Any, full_url: str) -> Any:
            require_owner(self, request, full_url)
            return original(self, request, full_url)


def _metrics(response: Any) -> dict[Any, Any]:
    # stored on the bucket, so that they are deleted with it
    return state_of(response.backend.get_bucket(response.bucket_name), "metrics")


def _refuse_unsupported(querystring: dict[str, Any]) -> None:
    for name in _UNSUPPORTED:
        if name in querystring:
            raise NotImplementedError(f"bucket sub-resource {name}")


def _replication_rule(rule: dict[str, Any]) -> dict[str, Any]:
    names = ("ID", "Status", "SourceSelectionCriteria", "ExistingObjectReplication")
    result = {name: rule[name] for name in names if rule.get(name)}
    result["Priority"] = int(rule.get("Priority", 1))
    result["DeleteMarkerReplication"] = rule.get("DeleteMarkerReplication") or {"Status": "Disabled"}
    result["Filter"] = rule["Filter"] if isinstance(rule.get("Filter"), dict) and rule["Filter"] else {"Prefix": ""}
    destination = deepcopy(rule["Destination"])
    for part in ("ReplicationTime", "Metrics"):
        for limit in ("Time", "EventThreshold"):
            if isinstance(destination.get(part), dict) and destination[part].get(limit):
                destination[part][limit] = {"Minutes": int(destination[part][limit]["Minutes"])}
    result["Destination"] = destination
    return result


PATCHES = (
    conditional_policies,
    log_permissions,
    log_key_format,
    replication,
    event_bridge_notifications,
    request_metrics,
    expected_owner,
)
