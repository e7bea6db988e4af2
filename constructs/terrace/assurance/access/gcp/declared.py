"""What only Google Cloud needs besides what every cloud declares, each row with its reason and source."""

from collections.abc import Iterator

from terrace.assurance.access.declared import grants as neutral_grants
from terrace.assurance.access.declared import paths as neutral_paths
from terrace.assurance.access.gcp.firewall import ports_of
from terrace.assurance.access.gcp.network import ranges
from terrace.assurance.access.gcp.principals import COMPONENTS, trusted_workflows
from terrace.assurance.access.model import ALL_PORTS, Declared, Grant, Path, Verb
from terrace.assurance.checks import Subject
from terrace.capabilities.identity import BOOTSTRAP
from terrace.gcp.flows import ON_PREMISES_PORTS, Flow, flows

_KEY_USERS = {
    "lake": ("storage",), "audit": ("storage",), "database": ("sqladmin",), "cluster": ("container",),
    "disks": ("compute", "container"), "logs": ("logging", "storage"), "secrets": ("secretmanager",),
    "registry": ("artifactregistry",), "cache": ("memorystore",), "events": ("pubsub",),
    "backups": ("storage", "gkebackup", "backupdr"),
}  # fmt: skip
"""The services that encrypt with a purpose's key. Source: Cloud KMS, "Using customer-managed encryption keys"."""

_APPLY: tuple[tuple[str, str], ...] = (
    ("administer", "lake/* state secrets/* database/* cache/* registry/* backups"),
    ("change-keys change-policy delete", "keys/*"),
    ("change-policy operate delete pass", "identities/*"),
    ("change-policy", "everything account kubernetes"),
    ("change-network", "network dns/*"),
    ("operate", "entry account monitoring"),
    ("operate delete read-data", "volumes"),
    ("change-detection operate", "detection"),
    ("change-detection", "monitoring"),
    ("administer", "detection monitoring"),
)
"""The rights of Google's predefined roles that create the foundation."""


def declared(stack: Subject) -> Declared:
    """What the environment declares on Google Cloud."""
    required_paths, allowed = [*neutral_paths(stack.environment)], list(_allowed_paths(stack))
    required_paths += [path for flow in flows(stack.environment.parties_left_out).values() for path in _of_flow(flow)]
    ports = ON_PREMISES_PORTS if stack.environment.network.hybrid else ()
    linked = [(_tcp("on-premises", "nodes", port), "NET-7: the ingress serves the hybrid link") for port in ports]
    required_paths += [path for path, _ in linked]
    trust = list(_trust(stack))
    rows = list(_rows(stack))
    return Declared(
        required_paths=tuple(required_paths),
        required_grants=(*neutral_grants(stack.environment), *(grant for grant, _ in trust)),
        allowed_paths=tuple(path for path, _ in allowed),
        allowed_grants=tuple(grant for grant, _ in rows),
        reasons=(*allowed, *linked, *trust, *rows),
    )


def _of_flow(flow: Flow) -> Iterator[Path]:
    for port in flow.ports or ("0-65535",):
        yield Path(flow.source, flow.into, flow.protocol, ports_of(port) or ALL_PORTS)


def _tcp(source: str, destination: str, port: str) -> Path:
    return Path(source, destination, "tcp", ports_of(port) or ALL_PORTS)


def _allowed_paths(stack: Subject) -> Iterator[tuple[Path, str]]:
    known = ranges(stack)
    for flow in flows(stack.environment.parties_left_out).values():
        for cidr in known.parties[flow.into]:
            for other in known.names(cidr):
                if other != flow.into:
                    reason = (
                        f"{flow.into} and {other} have addresses in one subnet, where a rule cannot distinguish them"
                    )
                    for port in flow.ports:
                        yield _tcp(flow.source, other, port), reason
    if stack.environment.network.hybrid:
        reason = "on-premises resolves Google's names to their restricted addresses. Source: VPC, Private Google Access"
        yield Path("on-premises", "endpoints", "all", ALL_PORTS), reason


def _trust(stack: Subject) -> Iterator[tuple[Grant, str]]:
    """Who may act as the identities of pipelines and components. The modules' are declared on every cloud."""
    for pipeline, subject in trusted_workflows(stack):
        grant = Grant(f"workflow {subject}", "assume", f"identities/pipeline {pipeline}")
        yield grant, "the repository's workflows log in by federation (ID-1)"
    for component in (*COMPONENTS, BOOTSTRAP):
        account = stack.environment.component_accounts.get(component)
        if account is None:
            continue  # of a capability that is left out
        grant = Grant(f"pods {account}", "assume", f"identities/component {component}")
        yield grant, "a component's pods act as its service account (K8S-4)"
    if stack.environment.cost.sleep:
        yield Grant("cloud scheduler", "assume", "identities/service sleep"), "Cloud Scheduler makes the calls (COST-2)"


def _rows(stack: Subject) -> Iterator[tuple[Grant, str]]:
    for purpose, services in _KEY_USERS.items():
        for service in services:
            reason = f"{service} encrypts with the key of {purpose} by Google's own identity (KEY-3)"
            yield Grant(f"cloud {service}", "encrypt", f"keys/{purpose}"), reason
            yield Grant(f"cloud {service}", "decrypt", f"keys/{purpose}"), reason
    for verbs, objects in _APPLY:
        for verb in verbs.split():
            for object in objects.split():
                reason = "Google has no narrower predefined role; waived by the kit (policies/kit-waivers.yaml)"
                yield Grant("pipeline apply", _verb(verb), object), reason
    if stack.environment.streams:
        yield from _of_streams(stack)
    yield from _of_services()
    yield from _of_components()


def _of_streams(stack: Subject) -> Iterator[tuple[Grant, str]]:
    for verb in ("encrypt", "decrypt"):
        reason = "managedkafka encrypts with the key of events by Google's own identity (KEY-3)"
        yield Grant("cloud managedkafka", _verb(verb), "keys/events"), reason
    for name, module in stack.environment.foundation_modules.items():
        if stack.environment.topic_access(module):
            reason = (
                "Google has no condition for the role of clients; the cluster's lists say what they may use (STREAM-3)"
            )
            yield Grant(f"module {name}", "connect", "streams/*"), reason
    reason = "Google has no narrower predefined role; waived by the kit (policies/kit-waivers.yaml)"
    yield Grant("pipeline apply", "administer", "streams/*"), reason


def _of_services() -> Iterator[tuple[Grant, str]]:
    copies = "Storage Transfer copies the layers to the backups (BAK-1)"
    for layer in ("silver", "gold", "platinum"):
        yield Grant("cloud storagetransfer", "read-data", f"lake/{layer}"), copies
        yield Grant("cloud storagetransfer", "view", f"lake/{layer}"), copies
    for verb in ("read-data", "write-data"):
        yield Grant("cloud storagetransfer", _verb(verb), "lake/backups"), copies
    yield Grant("cloud storage-analytics", "write-data", "lake/access"), "Google writes the usage logs (LAKE-6)"
    sinks = "each sink has a writer of its own (AUD-1, OBS-1)"
    for object in ("lake/audit", "detection", "monitoring"):
        yield Grant("cloud logging", "write-data", object), sinks
    yield Grant("cloud monitoring", "write-data", "monitoring"), "alarms publish to the severities' topics (OBS-3)"
    for service in ("cloudasset", "securitycenter"):
        yield Grant(f"cloud {service}", "write-data", "detection"), "changes and findings are published (AUD-2, AUD-3)"


def _of_components() -> Iterator[tuple[Grant, str]]:
    yield Grant("nodes", "operate", "monitoring"), "nodes write logs and metrics (K8S-4)"
    yield Grant("people admin", "connect", "database/admin"), "administrators log in as members of their group (SEC-2)"
    for component in ("external-dns", "cert-manager"):
        yield Grant(f"component {component}", "view", "account"), "finds its zone among the project's zones"
    yield Grant("component velero", "view", "account"), "Velero looks up disks, zones and the project"
    plan = "a plan reads what it compares; Google's roles for that also read images and log entries"
    yield Grant("pipeline plan", "read-data", "registry/*"), plan
    yield Grant("pipeline plan", "read-data", "monitoring"), plan
    yield Grant("pipeline plan", "write-data", "state/plans"), "a plan stores its bundle beside the states"
    yield Grant("pipeline plan", "encrypt", "keys/state"), "a bundle of a plan is sealed with the state home's key"
    yield Grant("pipeline apply", "decrypt", "keys/state"), "an apply opens the bundle of its plan"
    sleep = "stops and starts node pools and the database (COST-2)"
    for verb, object in (("operate", "database/*"), ("operate", "kubernetes"), ("view", "account")):
        yield Grant("service sleep", _verb(verb), object), sleep


def _verb(text: str) -> Verb:
    return text  # type: ignore[return-value]
