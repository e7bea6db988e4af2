"""The flow on an emulated Google Cloud: Cloud Storage with tokens of the modules' accounts, an instance of Cloud SQL.

The instance of a foundation has no password, since people and jobs log in with Google's tokens, which no server on this
machine can check: its user `postgres` is given one.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.spec import present
from terrace.emulator import Emulator
from terrace.flow.cloud import FSSPEC
from terrace.flow.rest import request
from terrace.gcp import names
from terrace.workloads.context import Context

_ADMIN, _TOKEN = "postgres", "emulated"
_APIS = ("storage", "sqladmin", "iam", "iamcredentials")
AS_MODULES = True


def make(emulated: Emulator, context: Context, layers: tuple[str, ...]) -> Outputs:
    prefix, outputs, project = context.target.prefix, context.outputs, emulated.account["project_id"]
    database = present(outputs.database)
    for api in _APIS:
        _call(
            emulated, "POST", f"serviceusage.googleapis.com/v1/projects/{project}/services/{api}.googleapis.com:enable"
        )  # fmt: skip
    for layer in layers:
        body = {"name": f"{prefix}-{layer}", "location": emulated.region.upper()}
        _call(emulated, "POST", f"storage.googleapis.com/storage/v1/b?project={project}", body)
    settings = {
        "tier": "db-custom-2-7680", "ipConfiguration": {"pscConfig": {"pscEnabled": True}},
        "databaseFlags": [{"name": "cloudsql.iam_authentication", "value": "on"}],
    }  # fmt: skip
    version = present(context.environment.database).version
    server = {"name": prefix, "region": emulated.region, "databaseVersion": f"POSTGRES_{version}", "settings": settings}
    _call(emulated, "POST", _instances(emulated), server)
    _call(emulated, "POST", f"{_instances(emulated)}/{prefix}/databases", {"name": "platform"})
    identities, roles = {}, {}
    for module in outputs.identities:
        account = f"module-{module}"[:30]
        _call(emulated, "POST", f"iam.googleapis.com/v1/projects/{project}/serviceAccounts", {"accountId": account})
        identities[module] = f"{account}@{project}.iam.gserviceaccount.com"
    for module in database.roles:
        roles[module] = names.login_name(identities[module])
        user = {"name": roles[module], "type": "CLOUD_IAM_SERVICE_ACCOUNT"}
        _call(emulated, "POST", f"{_instances(emulated)}/{prefix}/users", user)
    made = _call(emulated, "GET", f"{_instances(emulated)}/{prefix}")
    return outputs.model_copy(
        update={
            "database": database.model_copy(
                update={
                    "host": made["dnsName"].rstrip("."),
                    "name": "platform",
                    "admin": _ADMIN,
                    "admin_secret": "",
                    "schemas": present(context.environment.database).schemas,
                    "roles": roles,
                }
            ),
            "lake": {layer: f"gs://{prefix}-{layer}" for layer in outputs.lake},
            "identities": identities,
        }
    )


def administrator(emulated: Emulator, context: Context) -> tuple[str, str]:
    host, password = present(context.outputs.database).host, secrets.token_hex(16)
    found = _call(emulated, "GET", _instances(emulated))["items"]
    name = next(one["name"] for one in found if str(one.get("dnsName", "")).rstrip(".") == host)
    _call(emulated, "POST", f"{_instances(emulated)}/{name}/users", {"name": _ADMIN, "password": password})
    return _ADMIN, password


def files(emulated: Emulator, context: Context, module: str) -> Mapping[str, str]:
    url = f"iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{context.outputs.identities[module]}"
    body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
    return {
        "py-io-impl": FSSPEC,
        "gcs.project-id": emulated.account["project_id"],
        "gcs.oauth2.token": _call(emulated, "POST", f"{url}:generateAccessToken", body)["accessToken"],
        "gcs.session-kwargs": '{"trust_env": true}',  # otherwise it ignores the proxy
    }


def _instances(emulated: Emulator) -> str:
    return f"sqladmin.googleapis.com/v1/projects/{emulated.account['project_id']}/instances"


def _call(emulated: Emulator, method: str, url: str, body: Any = None) -> Any:
    return request(emulated, method, url, {} if method == "POST" and body is None else body, token=_TOKEN)
