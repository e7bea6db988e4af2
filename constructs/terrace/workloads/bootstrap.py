"""The job that prepares PostgreSQL: databases, roles, schemas, extensions and rights (DB-9).

It is idempotent: each query in `sql/` yields the statements that are still needed. It logs in as the server's
administrator, on AWS with the master secret, on the other clouds with a token of the job's own identity. Its name
contains a hash of what it does, so that a change replaces it; Kubernetes can't change a Job.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from terrace.capabilities.identity import BOOTSTRAP, SYSTEM_NAMESPACE
from terrace.capabilities.spec import present
from terrace.capabilities.workloads import DatabaseLogin
from terrace.environment.data_access import readable
from terrace.environment.schema import Environment
from terrace.errors import ContractError
from terrace.modules.contract import Image
from terrace.modules.enabled import EnabledModule
from terrace.workloads import namespaces, network, secrets
from terrace.workloads.base import HOME
from terrace.workloads.context import Context, Object
from terrace.workloads.release import WIRING, Release

PSQL = Image(
    repository="docker.io/library/postgres",
    tag="16.11-alpine",
    digest="sha256:a5074487380d4e686036ce61ed6f2d363939ae9a0c40123d1a9e3bb3a5f344b4",
)
CURL = Image(
    repository="docker.io/curlimages/curl",
    tag="8.17.0",
    digest="sha256:935d9100e9ba842cdb060de42472c7ca90cfe9a7c96e4dacb55e79e560b3ff40",
)
IMAGES = (PSQL, CURL)
"""The images that the job pulls."""

GROUP_ROLE = "group_"
"""What the names of the roles of groups of people begin with."""

SQL = Path(__file__).with_name("sql")
DOWNLOAD = "curl --fail --silent --show-error --retry 5 --proto =https --output {file} {url}\n"
_SECRET, _RUN, _SCRIPTS = "database-admin", "/run/terrace", "/opt/terrace"
_USER = 65532


def release(context: Context) -> Release | None:
    """The release `database-bootstrap`; None if no module has a database and people read no schema.

    Raises ContractError.
    """
    database = context.outputs.database
    if database is None or not (_modules(context) or people(context.environment, database.schemas)["roles"]):
        return None
    after = []
    if context.cloud.database_login(context.outputs, context.target).password == "secret":
        provider = context.provider("secrets")
        if provider is None:
            raise ContractError(
                "the database's admin secret can't reach the cluster: no enabled module provides secrets",
                where=f"environment {context.environment.name}",
                hint="enable external-secrets",
            )
        after.append(provider.name)
    return Release(
        "database-bootstrap", HOME, "database-bootstrap", WIRING, {"objects": objects(context)}, tuple(after)
    )


def objects(context: Context) -> list[Object]:
    """Everything the job needs, and the job."""
    login = context.cloud.database_login(context.outputs, context.target)
    labels = {
        "app.kubernetes.io/name": BOOTSTRAP,
        "app.kubernetes.io/part-of": context.environment.project,
        "app.kubernetes.io/managed-by": "terrace",
        "owner": context.environment.ownership.owner,
    }
    scripts = files(context)
    digest = hashlib.sha256(json.dumps([scripts, _fetch(login)], sort_keys=True).encode()).hexdigest()[:10]
    identity = context.outputs.platform_identities.get(BOOTSTRAP, "")
    bound = context.cloud.pod_identity(identity, context.target)
    account = _meta(BOOTSTRAP, labels) | ({"annotations": dict(bound.annotations)} if bound.annotations else {})
    return [
        namespaces.namespace(SYSTEM_NAMESPACE, "restricted", labels, context),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False},
        *_network(labels, login, context),
        *_admin_secret(labels, login, identity, context),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta(BOOTSTRAP, labels), "data": scripts},
        _job(f"{BOOTSTRAP}-{digest}", labels, dict(bound.pod_labels), login, context),
    ]


def files(context: Context) -> dict[str, str]:
    """The files of the job: scripts, and the plan that they carry out."""
    login, database = context.cloud.database_login(context.outputs, context.target), present(context.outputs.database)
    plan = {
        "platform": database.name,
        "schemas": list(database.schemas),
        "reserved": list(login.reserved),
        "administrators": list(login.administrators),
        "modules": [
            {
                "database": module.name,
                "role": database.roles[module.name],
                "extensions": list(module.needs.database.extensions if module.needs.database else ()),
                "platform": module.needs.database.platform if module.needs.database else None,
            }
            for module in _modules(context)
        ],
        "people": people(context.environment, database.schemas),
    }
    return {
        **{path.name: path.read_text(encoding="utf-8") for path in sorted(SQL.iterdir())},
        "roles.sql": login.roles,
        "plan.json": json.dumps(plan, indent=1, sort_keys=True),
        "platform.txt": f"{database.name}\n",
        "databases.txt": "".join(f"{module.name}\n" for module in _modules(context)),
    }


def people(environment: Environment, schemas: Sequence[str]) -> dict[str, Any]:
    """The roles of groups of people, and what each may read in the platform's database."""
    found = [one for one in readable(environment) if one.place in schemas]
    return {
        "roles": sorted({GROUP_ROLE + one.group for one in found}),
        "readable": [
            {"role": GROUP_ROLE + one.group, "schema": one.place}
            | (
                {
                    "table": one.table,
                    "columns": [name for name, mask in one.columns.items() if mask is None],
                    "rows": {column: list(values) for column, values in one.rows.items()},
                }
                if one.table
                else {}
            )
            for one in found
        ],
    }


def _modules(context: Context) -> list[EnabledModule]:
    return [module for module in context.modules.values() if module.needs.database]


def _meta(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "namespace": SYSTEM_NAMESPACE, "labels": labels}


def _network(labels: dict[str, str], login: DatabaseLogin, context: Context) -> list[Object]:
    result = network.closed(SYSTEM_NAMESPACE, labels, context)
    result.append(
        network.to_party("database", SYSTEM_NAMESPACE, labels, present(context.outputs.database).port, context)
    )
    if login.password == "token":
        return result + network.credentials(SYSTEM_NAMESPACE, labels, context.cloud.METADATA)
    return result + network.to_internet(SYSTEM_NAMESPACE, labels, context)  # the certificate authorities


def _admin_secret(labels: dict[str, str], login: DatabaseLogin, identity: str, context: Context) -> list[Object]:
    """The admin secret of a server that has one, read with an identity that may read no other."""
    if login.password == "token":
        return []
    provider = context.cloud.secret_store(
        namespace=SYSTEM_NAMESPACE, account=BOOTSTRAP, identity=identity, target=context.target
    )
    reference = present(context.outputs.database).admin_secret
    return [
        secrets.store(_meta(_SECRET, labels), dict(provider)),
        secrets.external_secret(
            _meta(_SECRET, labels),
            store=_SECRET,
            template={"password": "{{ .password }}"},
            sources={"password": (reference, "password")},
            context=context,
        ),
    ]


def _job(
    name: str, labels: dict[str, str], pod_labels: dict[str, str], login: DatabaseLogin, context: Context
) -> Object:
    database = present(context.outputs.database)
    env = {
        "CREDENTIALS_PATH": _RUN if login.password == "token" else "/run/secrets/terrace",
        "HOME": "/tmp",
        "PGAPPNAME": "terrace-bootstrap",
        "PGCONNECT_TIMEOUT": "10",
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGSSLMODE": "verify-full" if login.verified else "require",
        "PGSSLMINPROTOCOLVERSION": "TLSv1.2",
        "PGUSER": database.admin,
    }
    if login.verified:
        env["PGSSLROOTCERT"] = f"{_RUN}/ca.pem" if login.authority else "system"
    volumes: list[dict[str, Any]] = [
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
        {"name": "scripts", "configMap": {"name": BOOTSTRAP}},
    ]
    mounts: list[dict[str, Any]] = [
        {"name": "run", "mountPath": _RUN, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "scripts", "mountPath": _SCRIPTS, "readOnly": True},
    ]
    if login.password == "secret":
        volumes.append({"name": "admin", "secret": {"secretName": _SECRET, "defaultMode": 0o440}})
        mounts.append({"name": "admin", "mountPath": "/run/secrets/terrace", "readOnly": True})
    pod = {
        "restartPolicy": "Never",
        "serviceAccountName": BOOTSTRAP,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [
            _container("fetch", CURL, _fetch(login), {}, [{"name": "run", "mountPath": _RUN}]),
        ],
        "containers": [_container("psql", PSQL, f"exec sh {_SCRIPTS}/run.sh", env, mounts)],
        "volumes": volumes,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _meta(name, labels),
        "spec": {
            "backoffLimit": 4,
            "activeDeadlineSeconds": 540,  # less than Helm waits
            "template": {"metadata": {"labels": labels | pod_labels}, "spec": pod},
        },
    }


def _fetch(login: DatabaseLogin) -> str:
    """The script that runs before psql: it gets the certificate authorities, and the token if it is the password."""
    script = "set -eu\numask 027\n"
    if login.authority:
        script += DOWNLOAD.format(file=f"{_RUN}/ca.pem", url=login.authority)
    if login.password == "token":
        script += f"(\n{login.token}) > {_RUN}/password\ntest -s {_RUN}/password\n"
    return script


def _container(
    name: str, image: Image, script: str, env: dict[str, str], mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"{image.repository}:{image.tag}@{image.digest}",
        "command": ["sh", "-c", script],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "volumeMounts": mounts,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
