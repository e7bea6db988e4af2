"""Pipelines sign in to the emulated clouds with tokens of an issuer; no forged token is accepted.

The trust is that of the synthesized stacks. Each token of `terrace ci check` is signed and presented to the emulated
cloud, which has to decide as the check does.
"""

import base64
import functools
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from terrace.assurance import sign_in
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.ci import PIPELINES, Pipeline
from terrace.capabilities.cloud import CLOUDS
from terrace.emulator import Emulator, Options, start
from terrace.environment import target
from tests.emulator.azure.conftest import ARM, Azure
from tests.emulator.gcp.conftest import NUMBER, PROJECT, Google
from tests.emulator.issuer import Issuer
from tests.trust_stacks import IDENTITIES, TrustStacks, environment

UNKNOWN = "https://unknown.example.com"


class Aws:
    """Stacks have names of their own in one account, so that one emulator serves all."""

    def __init__(self, stack: Subject, issuers: Path) -> None:
        self._emulator = _aws(issuers)
        iam = self._client("iam")
        identity = stack.environment.identity
        self.audience = identity.audience("sts.amazonaws.com")
        iam.create_open_id_connect_provider(Url=identity.issuer, ClientIDList=[self.audience])
        self._sts = self._client("sts", signature_version=UNSIGNED)
        self._roles: dict[Pipeline, str] = {}
        account = str(stack.target.settings.account_id)
        for pipeline in PIPELINES:
            role = stack.one("aws_iam_role", f"pipelines/{pipeline}")
            trust = json.dumps(role.get("assume_role_policy")).replace(account, self._emulator.account["account_id"])
            name = f"{pipeline}-{len(iam.list_roles()['Roles'])}"
            self._roles[pipeline] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def _client(self, service: str, **config: Any) -> Any:
        return boto3.Session("emulated", "emulated", region_name="eu-central-1").client(
            service, endpoint_url=f"http://127.0.0.1:{self._emulator.backend_port}", config=Config(**config)
        )

    def sign_in(self, pipeline: Pipeline, token: str) -> str:
        try:
            answer = self._sts.assume_role_with_web_identity(
                RoleArn=self._roles[pipeline], RoleSessionName="test", WebIdentityToken=token
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        assert answer["Credentials"]["AccessKeyId"]
        return ""


@functools.cache
def _aws(issuers: Path) -> Emulator:
    return start("aws", issuers.parent / "emulator", options=Options(issuers=issuers), foreground=True)


class Entra:
    audience = "api://AzureADTokenExchange"

    def __init__(self, stack: Subject, issuers: Path) -> None:
        self._azure = Azure(Options(issuers=issuers))
        self._azure.create("group")
        self._clients: dict[Pipeline, str] = {}
        group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/world"
        for pipeline in PIPELINES:
            identity = stack.one("azurerm_user_assigned_identity", f"pipelines/{pipeline}")
            name = f"providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity.get('name')}"
            created = self._azure.put(f"{group}/{name}", {"location": "germanywestcentral"})
            assert created.status in (200, 201), created.body
            self._clients[pipeline] = created.body["properties"]["clientId"]
            for one in stack.view.pointing(
                "azurerm_federated_identity_credential", "user_assigned_identity_id", identity
            ):
                trust = {"issuer": one.get("issuer"), "subject": one.get("subject"), "audiences": one.get("audience")}
                path = f"{group}/{name}/federatedIdentityCredentials/{one.get('name')}"
                assert self._azure.put(path, {"properties": trust}).status in (200, 201)

    def sign_in(self, pipeline: Pipeline, token: str) -> str:
        form = {"client_id": self._clients[pipeline], "client_secret": "", "client_assertion": token}
        answer = self._azure.token("https://management.azure.com", **form)
        body = answer.get_json()
        if answer.status_code != 200:
            return f"AADSTS{body['error_codes'][0]}"
        headers = {"Authorization": f"Bearer {body['access_token']}"}
        assert self._azure.raw("GET", f"{ARM}/subscriptions?api-version=2024-01-01", headers=headers).status_code == 200
        return ""


class Sts:
    def __init__(self, stack: Subject, issuers: Path) -> None:
        self._google = Google(Options(issuers=issuers))
        self._google.enable("iam", "iamcredentials", "sts")
        self._emails: dict[Pipeline, str] = {}
        self._providers: list[str] = []
        at = f"iam/v1/projects/{PROJECT}"
        for pool in stack.all("google_iam_workload_identity_pool"):
            id = pool.get("workload_identity_pool_id")
            self._google.send(f"{at}/locations/global/workloadIdentityPools?workloadIdentityPoolId={id}", {})
        for one in stack.all("google_iam_workload_identity_pool_provider"):
            pool, name = (
                stack.view.text(one.get("workload_identity_pool_id")),
                one.get("workload_identity_pool_provider_id"),
            )
            trust = {
                "attributeMapping": one.get("attribute_mapping"),
                "attributeCondition": one.get("attribute_condition"),
                "oidc": {
                    "issuerUri": one.get("oidc.issuer_uri"),
                    "allowedAudiences": one.get("oidc.allowed_audiences", []),
                },
            }
            path = f"locations/global/workloadIdentityPools/{pool}/providers"
            self._google.send(f"{at}/{path}?workloadIdentityPoolProviderId={name}", trust)
            self._providers.append(f"//iam.googleapis.com/projects/{NUMBER}/{path}/{name}")
        self.audience = stack.environment.identity.audience("") or [f"https:{one}" for one in self._providers]
        number = f"projects/{stack.target.settings.project_number}/"
        for pipeline in PIPELINES:
            account = stack.one("google_service_account", f"pipelines/{pipeline}")
            created = self._google.send(f"{at}/serviceAccounts", {"accountId": account.get("account_id")})
            members = [
                str(one.get("member")).replace(number, f"projects/{NUMBER}/")
                for one in stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
            ]
            binding = {"role": "roles/iam.workloadIdentityUser", "members": members}
            path = f"{at}/serviceAccounts/{created['email']}:setIamPolicy"
            self._google.send(path, {"policy": {"bindings": [binding]}})
            self._emails[pipeline] = created["email"]

    def sign_in(self, pipeline: Pipeline, token: str) -> str:
        """Through the provider that accepts the token; else the error of the last one."""
        codes = [self._through(provider, pipeline, token) for provider in self._providers]
        return "" if "" in codes else next((one for one in codes if one == "PERMISSION_DENIED"), codes[-1])

    def _through(self, provider: str, pipeline: Pipeline, token: str) -> str:
        scope = "https://www.googleapis.com/auth/cloud-platform"
        form = {  # as Google's libraries send it
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": provider,
            "scope": scope,
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "subject_token": token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        }
        self._google.token = ""
        try:
            kind = {"content-type": "application/x-www-form-urlencoded"}
            response, content = self._google.request(
                "https://sts.googleapis.com/v1/token", "POST", urlencode(form), kind
            )
            answer = json.loads(content)
            if int(response.status) != 200:
                return str(answer["error"])
            self._google.token = answer["access_token"]
            path = f"iamcredentials/v1/projects/-/serviceAccounts/{self._emails[pipeline]}:generateAccessToken"
            status, answer = self._google.call("POST", path, {"scope": [scope]})
            if status != 200:
                return str(answer["error"]["status"])
            self._google.token = answer["accessToken"]
            assert self._google.call("GET", f"iam/v1/projects/{PROJECT}/serviceAccounts")[0] == 200
        finally:
            self._google.token = "emulated"
        return ""


_issuer = functools.cache(Issuer)
_CLOUDS = {"aws": Aws, "azure": Entra, "gcp": Sts}


class Signed:
    """An emulated cloud, the issuer that it knows, and the stack that it trusts pipelines by."""

    def __init__(self, stack: Subject, issuers: Path) -> None:
        self.stack = stack
        # also those that the cloud can verify but the stack does not trust
        self.issuers = {one.claims["iss"]: _issuer(one.claims["iss"]) for one in sign_in.tokens(stack.environment)}
        self.issuer = self.issuers[stack.environment.identity.issuer]
        issuers.write_text(json.dumps({url: one.key_set for url, one in self.issuers.items()}))
        self.cloud: Any = _CLOUDS[stack.environment.cloud](stack, issuers)

    def claims(self, claims: Mapping[str, str]) -> dict[str, Any]:
        """Claims with the audience that a job requests for the cloud."""
        return {"aud": self.cloud.audience, **claims}

    def code(self, pipeline: Pipeline, token: str) -> str:
        return str(self.cloud.sign_in(pipeline, token))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the file of issuers is."""
    path = tmp_path_factory.mktemp("trust")
    yield path
    if _aws.cache_info().currsize:
        _aws(path / "issuers.json").stop()
        _aws.cache_clear()


@pytest.fixture(scope="module", params=[(cloud, identity) for cloud in CLOUDS for identity in IDENTITIES], ids=str)
def signed(request: pytest.FixtureRequest, folder: Path, trust_stacks: TrustStacks) -> Signed:
    name, identity = request.param
    of = environment(name, identity)
    subject = Subject(View(trust_stacks(name)[identity]), of, target(of))
    return Signed(subject, folder / "issuers.json")


def test_the_cloud_decides_as_the_check(signed: Signed) -> None:
    """Also for tokens of an issuer that the cloud can verify but the stack does not trust."""
    rows = sign_in.evaluate(signed.stack)
    assert len([row for row in rows if not row.token.expected]) >= 11
    for row in rows:
        token = signed.issuers[row.token.claims["iss"]].token(signed.claims(row.token.claims))
        accepted = {one for one in PIPELINES if signed.code(one, token) == ""}
        assert accepted == row.accepted and row.passes, row.token.title


def _altered(signed: Signed, claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tokens with the claims of an apply that no issuer made as they are."""
    right = signed.issuer.token(claims)
    header, payload, signature = right.split(".")
    now = int(time.time())
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    yield "wrong key", Issuer(signed.issuer.url).token(claims)
    yield "no signature", f"{header}.{payload}."
    yield "no algorithm", f"{unsigned}.{payload}."
    other = json.dumps({**claims, "iss": signed.issuer.url, "exp": now + 300, "repository_id": "2"}).encode()
    yield "other claims", f"{header}.{base64.urlsafe_b64encode(other).rstrip(b'=').decode()}.{signature}"
    yield "expired", signed.issuer.token({**claims, "nbf": now - 900, "iat": now - 900, "exp": now - 600})
    yield "not yet valid", signed.issuer.token({**claims, "nbf": now + 600, "exp": now + 900})
    yield "unknown issuer", Issuer(UNKNOWN).token({**claims, "iss": UNKNOWN})
    yield "garbage", "not.a.token"


_INVALID = {
    "aws": {"expired": "ExpiredTokenException", "": "InvalidIdentityToken"},
    "azure": {
        "expired": "AADSTS700024",
        "not yet valid": "AADSTS700024",
        "unknown issuer": "AADSTS50166",
        "garbage": "AADSTS50027",
        "": "AADSTS50013",
    },
    "gcp": {"": "invalid_grant"},
}


def test_no_altered_token_is_accepted(signed: Signed) -> None:
    apply = next(one for one in sign_in.tokens(signed.stack.environment) if one.expected == {"apply"})
    codes = _INVALID[signed.stack.environment.cloud]
    for title, token in _altered(signed, signed.claims(apply.claims)):
        assert signed.code("apply", token) == codes.get(title, codes[""]), title


_FOREIGN = {
    "aws": {
        "another audience": "InvalidIdentityToken",
        "another issuer": "InvalidIdentityToken",
        "": "AccessDenied",
    },
    "azure": {"another audience": "AADSTS700212", "another issuer": "AADSTS700211", "": "AADSTS700213"},
    "gcp": {
        "a pull request of the repository": "PERMISSION_DENIED",
        "the branch main": "PERMISSION_DENIED",
        "another audience": "invalid_grant",
        "another issuer": "invalid_grant",
        "": "unauthorized_client",
    },
}


@pytest.mark.parametrize("signed", [(cloud, "github") for cloud in CLOUDS], indirect=True, ids=str)
def test_a_foreign_token_gets_the_clouds_own_error(signed: Signed) -> None:
    """A plan's token for an apply too; on Google Cloud, the pool accepts it and the account refuses its principal."""
    codes = _FOREIGN[signed.stack.environment.cloud]
    for one in sign_in.tokens(signed.stack.environment):
        if "apply" not in one.expected and not (one.beside_subject and signed.stack.environment.cloud == "azure"):
            token = signed.issuers[one.claims["iss"]].token(signed.claims(one.claims))
            assert signed.code("apply", token) == codes.get(one.title, codes[""]), one.title
