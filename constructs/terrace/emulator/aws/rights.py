"""The rights of an assumed role: the answer of its policies and its permissions boundary to a request.

A resource's own policy and `iam:PassRole` are not evaluated. A statement about certain resources does not apply where
the request does not tell the ARN. Source: IAM User Guide, "Policy evaluation logic"; Service Authorization Reference,
"Actions, resources, and condition keys for AWS services".
"""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from terrace.emulator.aws.conditions import Context, holds, matches

_SERVICES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Names in signatures that are not the prefix of the service's actions."""
_ACTIONS = {
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:UploadPart": "s3:PutObject",
}
"""Operations whose action has another name."""
_S3_CONTROL = "/v20180820/configuration/publicAccessBlock"
"""S3 Control, which is signed as S3 is; a bucket has no key of this name."""
_LARGEST = 256 * 1024  # bytes of a body that is read

Statement = Mapping[str, Any]


def refusal(service: str, operation: str, environ: dict[str, Any]) -> str:
    """AWS's message when an assumed role may not make a request; "" when it may, or when no assumed role makes it."""
    scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].partition(",")[0].split("/")
    if len(scope) != 5:
        return ""
    from moto.iam.models import get_account_id_from, iam_backends
    from moto.sts.models import sts_backends

    key, _, region, *_ = scope
    account = get_account_id_from(key)
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(key)
    if session is None:
        return ""
    backend = iam_backends[account]["aws"]
    role = next((one for one in backend.roles.values() if one.arn == session.role_arn), None)
    action = _action(service, operation, environ)
    resource, context = _request(service, environ, account, region, backend)
    context["aws:principalarn"] = [session.role_arn]
    own = _statements(role, backend) if role else []
    boundary = backend.managed_policies.get(role.permissions_boundary_arn) if role else None
    limit = _of(_document(boundary)) if boundary else [{"Effect": "Allow", "Action": "*", "Resource": "*"}]

    def answers(statements: Iterable[Statement], effect: str) -> bool:
        return any(one["Effect"] == effect and _applies(one, action, resource, context) for one in statements)

    if answers(own, "Allow") and answers(limit, "Allow") and not answers([*own, *limit], "Deny"):
        return ""
    return f"User: {session.arn} is not authorized to perform: {action} on resource: {resource or '*'}"


def _action(service: str, operation: str, environ: Mapping[str, Any]) -> str:
    if service == "s3" and str(environ.get("PATH_INFO", "")).startswith(_S3_CONTROL):
        verb = "Get" if environ.get("REQUEST_METHOD") == "GET" else "Put"
        return f"s3:{verb}AccountPublicAccessBlock"
    name = f"{_SERVICES.get(service, service)}:{operation}"
    return _ACTIONS.get(name, name)


def _statements(role: Any, backend: Any) -> list[Statement]:
    inline = [statement for text in role.policies.values() for statement in _of(text)]
    managed = [statement for one in role.managed_policies.values() for statement in _of(_document(one))]
    return inline + managed


def _document(policy: Any) -> str:
    """The text of a managed policy's default version."""
    return str(next(one.document for one in policy.versions if one.version_id == policy.default_version_id))


def _of(text: str) -> list[Statement]:
    found = json.loads(text)["Statement"]
    return found if isinstance(found, list) else [found]


def _applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    def among(names: Any, value: str) -> bool:
        return any(matches(one, value) for one in ([names] if isinstance(names, str) else names))

    def lower(names: Any) -> list[str]:
        return [one.lower() for one in ([names] if isinstance(names, str) else names)]

    if "Action" in statement and not among(lower(statement["Action"]), action.lower()):
        return False
    if "NotAction" in statement and among(lower(statement["NotAction"]), action.lower()):
        return False
    if "Resource" in statement and not among(statement["Resource"], resource):
        return False
    if "NotResource" in statement and (not resource or among(statement["NotResource"], resource)):
        return False
    return holds(statement.get("Condition", {}), context)


def _request(
    service: str, environ: dict[str, Any], account: str, region: str, backend: Any
) -> tuple[str, dict[str, list[str]]]:
    """The ARN that a request concerns, "" if it cannot be told, and the values of its condition keys."""
    context = {"aws:requestedregion": [region], "aws:securetransport": ["true"]}
    if service == "s3":
        if none := environ.get("HTTP_IF_NONE_MATCH"):
            context["s3:if-none-match"] = [str(none)]
        if prefix := parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True).get("prefix"):
            context["s3:prefix"] = prefix
        return _object(environ), context
    values = _parameters(environ)
    if service == "iam":
        named = backend.roles.values()
        role = next((one for one in named if one.name == values.get("RoleName")), None)
        limit = values.get("PermissionsBoundary") or (role.permissions_boundary_arn if role else None)
        if limit:
            context["iam:permissionsboundary"] = [limit]
        if "RoleName" in values:
            new = f"arn:aws:iam::{account}:role{values.get('Path', '/')}{values['RoleName']}"
            return (role.arn if role else new), context
        if "PolicyName" in values:
            return f"arn:aws:iam::{account}:policy{values.get('Path', '/')}{values['PolicyName']}", context
        return values.get("PolicyArn", ""), context
    if service == "kms" and "KeyId" in values:
        return _key(values, account, region, context), context
    if service == "events" and (rule := values.get("Name") or values.get("Rule")):
        return f"arn:aws:events:{region}:{account}:rule/{rule}", context
    return "", context


def _object(environ: Mapping[str, Any]) -> str:
    """The bucket or the object of a request to S3, whose bucket is in the host's name or in the path."""
    host, path = str(environ.get("HTTP_HOST", "")), unquote(str(environ.get("PATH_INFO", ""))).strip("/")
    bucket = host.partition(".s3")[0] if ".s3" in host else ""
    return f"arn:aws:s3:::{'/'.join(one for one in (bucket, path) if one)}" if bucket or path else ""


def _key(values: Mapping[str, Any], account: str, region: str, context: dict[str, list[str]]) -> str:
    from moto.kms.models import kms_backends

    backend = kms_backends[account][region]
    id = str(values["KeyId"])
    if "alias/" in id:
        id = str(backend.get_key_id_from_alias(id[id.index("alias/") :]) or id)
    key = backend.keys.get(id.rpartition("/")[2])
    context["kms:resourcealiases"] = list(key.aliases) if key else []
    for name, value in (values.get("EncryptionContext") or {}).items():
        context[f"kms:encryptioncontext:{name}".lower()] = [str(value)]
    return id if id.startswith("arn:") else f"arn:aws:kms:{region}:{account}:key/{id}"


def _parameters(environ: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a form or of a JSON object in the body, which is put back."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= _LARGEST:
        return {}
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text) if text.startswith("{") else {name: one[0] for name, one in parse_qs(text).items()}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
