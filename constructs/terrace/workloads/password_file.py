"""The password file: how software that knows passwords only logs in to PostgreSQL with the cloud identity of its pod.

A container beside it writes the token of the identity, which is valid for minutes, into the file that PGPASSFILE names.
libpq and PostgreSQL's JDBC driver read it for each new connection that has no password (docs/decisions/0013).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from terrace.capabilities.spec import present
from terrace.capabilities.workloads import DatabaseLogin
from terrace.modules.enabled import EnabledModule
from terrace.workloads.bootstrap import CURL, DOWNLOAD
from terrace.workloads.context import Context, Object
from terrace.workloads.policy_scope import pods_in, title_of

CONTAINER = "database-login"
"""Name of the container and of its volume."""
IMAGE = CURL
_FOLDER = "/run/terrace/database"
FILE = f"{_FOLDER}/password"
_AUTHORITIES = f"{_FOLDER}/ca.pem"
_SCRIPT = Path(__file__).with_name("password_file.sh")


def login(module: EnabledModule, context: Context, user: int) -> dict[str, Any]:
    """What a module's chart needs, as values.yaml.j2 reads it: `containers` to start before its own, `volumes`,
    `mounts` and `env` of the containers that connect, which run as `user`, and the same address as `url` and `jdbc`.
    """
    database, cloud = present(context.outputs.database), context.cloud.database_login(context.outputs, context.target)
    role = database.roles[module.name]
    env = {
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGDATABASE": module.name,
        "PGUSER": role,
        "PGPASSFILE": FILE,
        "PGSSLMODE": "verify-full" if cloud.verified else "require",
    }
    if cloud.verified:
        env["PGSSLROOTCERT"] = _AUTHORITIES if cloud.authority else "system"
    variables = [{"name": name, "value": value} for name, value in env.items()]
    mount = {"name": CONTAINER, "mountPath": _FOLDER}
    address = f"{database.host}:{database.port}/{module.name}"
    return {
        "containers": [_container(cloud, variables, mount, user)],
        "volumes": [{"name": CONTAINER, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}],
        "mounts": [{**mount, "readOnly": True}],
        "env": variables,
        "url": f"postgresql://{quote(role, safe='')}@{address}",
        "jdbc": f"jdbc:postgresql://{address}?user={quote(role, safe='')}&{_jdbc(cloud)}",
    }


def script(cloud: DatabaseLogin) -> str:
    """The script of the container."""
    download = DOWNLOAD.format(file=_AUTHORITIES, url=cloud.authority) if cloud.authority else ":\n"
    return f"authorities() {{\n{download}}}\ntoken() (\n{cloud.token})\n{_SCRIPT.read_text(encoding='utf-8')}"


def problems(module: EnabledModule, objects: Iterable[Object]) -> Iterator[str]:
    """What keeps the pods of a module with a password file from logging in."""
    database = module.needs.database
    if database is None or database.login != "password-file":
        return
    reads = False
    for one in objects:
        for _, spec in pods_in(one):
            found = list(_pod_problems(spec))
            reads = reads or any(_reads(container) for container in _containers(spec))
            yield from (f"{title_of(one)}: {problem}" for problem in found)
    if not reads:
        yield "no pod reads the password file, though module.yaml says needs.database.login: password-file"


def _container(cloud: DatabaseLogin, env: list[dict[str, str]], mount: dict[str, Any], user: int) -> dict[str, Any]:
    """The container that writes the file. Its pod's other containers start when the file exists."""
    return {
        "name": CONTAINER,
        "image": f"{IMAGE.repository}:{IMAGE.tag}@{IMAGE.digest}",
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "command": ["sh", "-c", script(cloud)],
        "env": env,
        "volumeMounts": [mount],
        "startupProbe": {"exec": {"command": ["test", "-s", FILE]}, "periodSeconds": 2, "failureThreshold": 90},
        "readinessProbe": {"exec": {"command": ["test", "-s", FILE]}, "periodSeconds": 30},
        # a token is valid for 15 minutes at least
        "livenessProbe": {
            "exec": {"command": ["sh", "-c", f'test -n "$(find {FILE} -mmin -14)"']},
            "periodSeconds": 60,
        },
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": user,
        },
    }


def _jdbc(cloud: DatabaseLogin) -> str:
    """The driver's TLS parameters; it needs another word for the authorities that Java itself knows."""
    if not cloud.verified:
        return "sslmode=require"
    known = f"sslrootcert={_AUTHORITIES}" if cloud.authority else "sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory"
    return f"sslmode=verify-full&{known}"


def _pod_problems(spec: Object) -> Iterator[str]:
    before = True
    writer = next((one for one in _containers(spec) if one["name"] == CONTAINER), None)
    for one in _containers(spec):
        if one is writer:
            before = False
        elif _reads(one):
            name = one["name"]
            if writer is None:
                yield f"{name} reads the password file, and no container writes it"
            elif before:
                yield f"{name} reads the password file, and starts before it is written"
            elif not any(mount["name"] == CONTAINER for mount in one.get("volumeMounts") or ()):
                yield f"{name} reads the password file, and does not mount the volume {CONTAINER}"
            elif _user(one, spec) != _user(writer, spec):
                yield (
                    f"{name} runs as user {_user(one, spec)}, and the password file belongs to user "
                    f"{_user(writer, spec)}, who alone may read it"
                )


def _containers(spec: Object) -> list[Object]:
    """The containers of a pod in the order of their start."""
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _reads(container: Object) -> bool:
    return container["name"] != CONTAINER and any(
        one["name"] == "PGPASSFILE" and one.get("value") == FILE for one in container.get("env") or ()
    )


def _user(container: Object, spec: Object) -> Any:
    own = (container.get("securityContext") or {}).get("runAsUser")
    return own if own is not None else (spec.get("securityContext") or {}).get("runAsUser")
