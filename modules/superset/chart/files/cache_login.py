"""The log-in to the cache with the cloud identity of the pod: a token for each new connection.

Sources: "Authenticating with IAM" of Amazon ElastiCache; "Use Microsoft Entra for cache authentication" of Azure Managed
Redis; "About IAM authentication" of Memorystore for Valkey.
"""

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from redis.credentials import CredentialProvider


class Login(CredentialProvider):
    """The user and token of the module."""

    def __init__(self, cache):
        self.cache = cache

    def get_credentials(self):
        kind, user = self.cache["cloud"], self.cache["user"]
        if kind == "aws":
            return user, presigned(self.cache["name"], user, self.cache["region"], credentials(), datetime.now(UTC))
        if kind == "azure":
            return user, _entra()
        return (_metadata(),)


def credentials():
    """Those that EKS Pod Identity gives the pod."""
    token = Path(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()
    return _answer(Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": token}))


def presigned(name, user, region, found, now):
    """The token: an address that is signed for the cache and the user, without its scheme."""
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{region}/elasticache/aws4_request"
    query = {
        "Action": "connect",
        "User": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{found['AccessKeyId']}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": "900",
        "X-Amz-Security-Token": found["Token"],
        "X-Amz-SignedHeaders": "host",
    }
    text = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
    request = "\n".join(("GET", "/", text, f"host:{name}", "", "host", hashlib.sha256(b"").hexdigest()))
    key = f"AWS4{found['SecretAccessKey']}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    return f"{name}/?{text}&X-Amz-Signature={hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()}"


def _entra():
    home = f"{os.environ['AZURE_AUTHORITY_HOST']}{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    form = {
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "scope": "https://redis.azure.com/.default",
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"]).read_text(),
    }
    return _answer(Request(home, data=urlencode(form).encode()))["access_token"]


def _metadata():
    url = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
    return _answer(Request(url, headers={"Metadata-Flavor": "Google"}))["access_token"]


def _answer(request):
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)
