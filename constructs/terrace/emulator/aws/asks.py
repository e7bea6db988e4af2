"""What a request to AWS asks for: actions on resources, with the values of their condition keys.

A request for an encrypted object or secret asks for its key too. Source: Service Authorization Reference, "Actions,
resources, and condition keys for AWS services"; Amazon S3 User Guide, "Required permissions for Amazon S3 API
operations" and "Using server-side encryption with AWS KMS keys"; AWS Secrets Manager User Guide, "Permissions for the
KMS key".
"""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from terrace.authorization.aws import Context, Values

_SERVICES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Names in signatures that are not the prefix of the service's actions."""
_ACTIONS = {
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:UploadPart": "s3:PutObject",
    "s3:UploadPartCopy": "s3:PutObject",
}
"""Operations whose action has another name."""
_VERSIONED = ("s3:DeleteObject", "s3:GetObject")
_WITH_HEADER = {
    "HTTP_X_AMZ_TAGGING": "s3:PutObjectTagging",
    "HTTP_X_AMZ_OBJECT_LOCK_MODE": "s3:PutObjectRetention",
    "HTTP_X_AMZ_OBJECT_LOCK_LEGAL_HOLD": "s3:PutObjectLegalHold",
    "HTTP_X_AMZ_BYPASS_GOVERNANCE_RETENTION": "s3:BypassGovernanceRetention",
}
"""Headers of a request about an object that ask for more."""
_S3_CONTEXT = {
    "HTTP_IF_NONE_MATCH": "s3:if-none-match",
    "HTTP_X_AMZ_ACL": "s3:x-amz-acl",
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION": "s3:x-amz-server-side-encryption",
    "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID": "s3:x-amz-server-side-encryption-aws-kms-key-id",
}
_KEYS = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "s3:CreateMultipartUpload": ("kms:GenerateDataKey", "kms:Decrypt"),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
}
"""Operations on encrypted things, with the actions on their key."""
_S3_CONTROL = "/v20180820/configuration/publicAccessBlock"
"""S3 Control, which is signed as S3 is; a bucket has no key of this name."""
_LARGEST = 256 * 1024  # bytes of a body that is read


class Ask(NamedTuple):
    """An action on a resource, "" if the request does not tell its ARN. `policy` is the resource's own, as JSON. If it
    is `decisive`, it has to allow the action or to leave it to the account's identities."""

    action: str
    resource: str
    context: Mapping[str, Values]
    policy: str = ""
    decisive: bool = False


class Call(NamedTuple):
    """A request: the service and the operation, its WSGI environment, the account and the region it is for."""

    service: str
    operation: str
    environ: dict[str, Any]
    account: str
    region: str

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


def asks(call: Call) -> Iterator[Ask]:
    """What a request asks for; each has to be allowed."""
    if call.service == "s3" and str(call.environ.get("PATH_INFO", "")).startswith(_S3_CONTROL):
        verb = "Get" if call.environ.get("REQUEST_METHOD") == "GET" else "Put"
        yield Ask(f"s3:{verb}AccountPublicAccessBlock", "", {})
    elif call.service == "s3":
        yield from _s3(call)
    else:
        yield from _other(call)


def _s3(call: Call) -> Iterator[Ask]:
    environ = call.environ
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    context: dict[str, Values] = {key: str(environ[name]) for name, key in _S3_CONTEXT.items() if environ.get(name)}
    if "prefix" in query:
        context["s3:prefix"] = query["prefix"][0]
    name, _, key = _path(environ).partition("/")
    bucket = _bucket(call.account, name)
    policy = _text(bucket.policy) if bucket else ""
    arn = f"arn:aws:s3:::{name}" if name else ""
    action = _ACTIONS.get(call.name, call.name)
    if call.operation == "DeleteObjects":
        for each, version in _deleted(_body(environ)):
            yield Ask(f"{action}{'Version' if version else ''}", f"{arn}/{each}", context, policy)
        key = "*"
    else:
        if action in _VERSIONED and "versionId" in query:
            action += "Version"
        yield Ask(action, f"{arn}/{key}" if key else arn, context, policy)
    for header, more in _WITH_HEADER.items() if key else ():
        if environ.get(header):
            yield Ask(more, f"{arn}/{key}", context, policy)
    if bucket is None:
        return
    if source := unquote(str(environ.get("HTTP_X_AMZ_COPY_SOURCE", ""))).lstrip("/").partition("?")[0]:
        origin = _bucket(call.account, source.partition("/")[0])
        yield Ask("s3:GetObject", f"arn:aws:s3:::{source}", {}, _text(origin.policy) if origin else "")
        if origin:
            yield from _on_key(call, ("kms:Decrypt",), _key_of_object(origin, source.partition("/")[2]), "s3", arn)
    reads = call.operation == "GetObject"
    asked = _KEYS.get("s3:PutObject" if call.operation == "CopyObject" else call.name, ())
    encrypts = _key_of_object(bucket, key) if reads else _key_for_new(bucket, environ)
    yield from _on_key(call, asked, encrypts, "s3", arn)


def _path(environ: Mapping[str, Any]) -> str:
    """Bucket and key of a request to S3, whose bucket is in the host's name or in the path."""
    host, path = str(environ.get("HTTP_HOST", "")), unquote(str(environ.get("PATH_INFO", ""))).lstrip("/")
    bucket = host.partition(".s3")[0] if ".s3" in host else ""
    return "/".join(one for one in (bucket, path) if one)


def _bucket(account: str, name: str) -> Any:
    from moto.s3.models import s3_backends

    _, owner = s3_backends.bucket_accounts.get(name, ("", account))
    return s3_backends[owner]["aws"].buckets.get(name)


def _key_of_object(bucket: Any, key: str) -> str:
    found = bucket.keys.get(key)
    return str(getattr(found, "kms_key_id", None) or "") or (_default_key(bucket) if found else "")


def _key_for_new(bucket: Any, environ: Mapping[str, Any]) -> str:
    algorithm = str(environ.get("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION", ""))
    if algorithm and not algorithm.startswith("aws:kms"):
        return ""
    return str(environ.get("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID", "")) or _default_key(bucket)


def _default_key(bucket: Any) -> str:
    rule = (bucket.encryption or {}).get("Rule") or {}
    default = (rule[0] if isinstance(rule, list) else rule).get("ApplyServerSideEncryptionByDefault", {})
    return str(default.get("KMSMasterKeyID") or "")


def _deleted(body: bytes) -> Iterator[tuple[str, str]]:
    """Key and version of each object that a request of many names."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return
    for one in root.iter():
        if one.tag.rpartition("}")[2] == "Object":
            texts = {child.tag.rpartition("}")[2]: child.text or "" for child in one}
            yield texts.get("Key", ""), texts.get("VersionId", "")


def _other(call: Call) -> Iterator[Ask]:
    action = f"{_SERVICES.get(call.service, call.service)}:{call.operation}"
    values = _parameters(call.environ)
    if call.service == "iam":
        yield Ask(action, *_identity(call, values))
    elif call.service == "kms" and "KeyId" in values:
        given = {f"kms:encryptioncontext:{name}".lower(): str(one) for name, one in _named(values).items()}
        yield from _on_key(call, (action,), str(values["KeyId"]), "", "", given)
    elif call.service == "secretsmanager" and (secret := _secret(call, str(values.get("SecretId", "")))):
        yield Ask(action, str(secret.arn), {}, _text(getattr(secret, "policy", None)))
        key = str(getattr(secret, "kms_key_id", None) or "")
        yield from _on_key(call, _KEYS.get(action, ()), key, "secretsmanager", "")
    elif action == "sts:AssumeRole":
        role = str(values.get("RoleArn", ""))
        yield Ask(action, role, {"sts:rolesessionname": str(values.get("RoleSessionName", ""))}, _trust(role), True)
    elif call.service == "events" and (rule := values.get("Name") or values.get("Rule")):
        yield Ask(action, f"arn:aws:events:{call.region}:{call.account}:rule/{rule}", {})
    else:
        yield Ask(action, "", {})


def _named(values: Mapping[str, Any]) -> Mapping[str, Any]:
    given = values.get("EncryptionContext")
    return given if isinstance(given, Mapping) else {}


def _identity(call: Call, values: Mapping[str, Any]) -> tuple[str, Context]:
    from moto.iam.models import iam_backends

    named = iam_backends[call.account]["aws"].roles.values()
    role = next((one for one in named if one.name == values.get("RoleName")), None)
    limit = values.get("PermissionsBoundary") or (role.permissions_boundary_arn if role else None)
    context: dict[str, Values] = {"iam:permissionsboundary": str(limit)} if limit else {}
    own = f"arn:aws:iam::{call.account}"
    if "RoleName" in values:
        return (str(role.arn) if role else f"{own}:role{values.get('Path', '/')}{values['RoleName']}"), context
    if "PolicyName" in values:
        return f"{own}:policy{values.get('Path', '/')}{values['PolicyName']}", context
    return str(values.get("PolicyArn", "")), context


def _trust(arn: str) -> str:
    from moto.iam.models import iam_backends

    account = arn.split(":")[4] if arn.count(":") > 4 else ""
    roles = iam_backends[account]["aws"].roles.values() if account else ()
    return next((_text(one.assume_role_policy_document) for one in roles if one.arn == arn), "")


def _secret(call: Call, id: str) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    backend = secretsmanager_backends[call.account][call.region]
    return backend.secrets[id] if id and backend._is_valid_identifier(id) else None


def _on_key(
    call: Call, actions: tuple[str, ...], id: str, through: str, bucket: str, given: Mapping[str, Values] = {}
) -> Iterator[Ask]:
    """The use of a key, by itself or through a service. Keys that AWS manages are not evaluated."""
    if not actions or not id or (through and "alias/aws/" in id):
        return
    from moto.kms.models import kms_backends

    region = id.split(":")[3] if id.startswith("arn:") else call.region
    backend = kms_backends[call.account][region]
    if "alias/" in id:
        id = str(backend.get_key_id_from_alias(id[id.index("alias/") :]) or id)
    key = backend.keys.get(id.rpartition("/")[2])
    arn = id if id.startswith("arn:") else f"arn:aws:kms:{region}:{call.account}:key/{id.rpartition('/')[2]}"
    context: dict[str, Values] = {"kms:resourcealiases": tuple(key.aliases) if key else (), **given}
    if through:
        context["kms:viaservice"] = f"{through}.{region}.amazonaws.com"
    if bucket:
        context["kms:encryptioncontext:aws:s3:arn"] = bucket
    for action in actions:
        yield Ask(action, arn, context, _text(key.policy) if key else "", key is not None)


def _text(policy: Any) -> str:
    return policy.decode() if isinstance(policy, bytes) else str(policy or "")


def _body(environ: dict[str, Any]) -> bytes:
    """The body, which is put back; empty if it is large."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= _LARGEST:
        return b""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _parameters(environ: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a form or of a JSON object in the body."""
    text = _body(environ).decode("utf-8", "replace")
    try:
        found = json.loads(text) if text.startswith("{") else {name: one[0] for name, one in parse_qs(text).items()}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
