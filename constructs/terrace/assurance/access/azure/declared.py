"""What an environment declares on Azure: the neutral rows, and those that only Azure has, each with its reason."""

from collections.abc import Iterator

from terrace.assurance.access.azure.resources import all_of, whole
from terrace.assurance.access.declared import grants, paths
from terrace.assurance.access.model import ALL_PORTS, VERBS, Declared, Grant, Path, Protocol, Verb
from terrace.assurance.checks import Subject
from terrace.azure import names
from terrace.azure.flows import SERVICE_FLOWS, flows
from terrace.capabilities.identity import BOOTSTRAP
from terrace.environment.schema import Environment

Row = tuple[Path | Grant, str]
_PROTOCOLS: dict[str, Protocol] = {"Tcp": "tcp", "Udp": "udp", "*": "all"}
_KEY_USERS = {
    "lake": "cloud storage",
    "audit": "cloud storage",
    "logs": "cloud storage",
    "backups": "cloud storage",
    "database": "cloud database",
    "disks": "cloud disks",
    "registry": "cloud registry",
    "cache": "cloud cache",
}
"""Purposes of keys to the services that use them, each with an identity of its own (KEY-3)."""
_CONTRIBUTOR: dict[Verb, str] = {
    "administer": "kubernetes",
    "change-detection": "detection",
    "change-keys": "keys",
    "change-policy": "cache database identities keys",
    "delete": "backups cache database keys lake registry streams",
    "operate": "backups cache costs database entry identities keys lake network registry streams volumes",
    "pass": "identities",
    "read-data": "database registry",
    "write-data": "registry",
    "write-secret": "secrets",
}
"""The role Contributor, by verb and kind."""
_OFFICERS: dict[Verb, str] = {
    "decrypt": "keys",
    "encrypt": "keys",
    "operate": "certificates",
    "delete": "certificates secrets",
    "read-secret": "secrets",
}
"""The roles Key Vault ... Officer, besides."""


def declared(stack: Subject) -> Declared:
    """The paths and rights that may exist on Azure, and those that have to."""
    environment = stack.environment
    needed = (*_flows(environment), *_trust(stack))
    allowed = (*_service_flows(environment), *_services(stack), *_cluster(), *_pipelines(stack), *_backup(stack))
    if names.settings(stack.target).deployer_id:
        allowed = (*allowed, *_deployer(stack))
    return Declared(
        required_paths=(*paths(environment), *(row for row, _ in needed if isinstance(row, Path))),
        required_grants=(*_asked(environment), *(row for row, _ in needed if isinstance(row, Grant))),
        allowed_paths=tuple(row for row, _ in allowed if isinstance(row, Path)),
        allowed_grants=tuple(row for row, _ in allowed if isinstance(row, Grant)),
        reasons=(*needed, *allowed),
    )


def _asked(environment: Environment) -> Iterator[Grant]:
    """The neutral rows. What a module only adds to, it writes in part: it makes blobs and changes none."""
    added = {
        (f"module {name}", f"lake/{bucket}/{folder}")
        for name, module in environment.foundation_modules.items()
        for bucket, folders in environment.lake_access(module).items()
        for folder, right in folders.items()
        if right == "add"
    }
    for one in grants(environment):
        partly = one.verb == "write-data" and (one.principal, one.object) in added
        yield Grant(one.principal, one.verb, f"{one.object} in part") if partly else one


def _flows(environment: Environment) -> Iterator[Row]:
    """Traffic between parties."""
    for _, flow in flows(environment.parties_left_out).values():
        ports = (flow.first_port, flow.last_port)
        yield Path(flow.source, flow.into, _PROTOCOLS[flow.protocol], ports), flow.purpose


def _service_flows(environment: Environment) -> Iterator[Row]:
    """Traffic with Azure's own services, and the gateway's."""
    for flow in SERVICE_FLOWS.values():
        if flow.group in environment.parties_left_out:
            continue
        ends = (flow.group, f"cloud {flow.peer}")
        source, into = ends if flow.side == "Outbound" else reversed(ends)
        ports = (flow.first_port, flow.last_port)
        yield Path(source, into, _PROTOCOLS[flow.protocol], ports), f"{flow.purpose}; the sources are in azure/flows.py"
    if environment.network.entry is None:
        return
    reason = "The gateway's outbound traffic may not be limited: Application Gateway infrastructure configuration"
    outside = ["internet", f"range {environment.network.cidr}"]
    for name in [*outside, *(["on-premises"] if environment.network.hybrid else [])]:
        yield Path("entry", name, "all", ALL_PORTS), reason


def _trust(stack: Subject) -> Iterator[Row]:
    """Who acts as the components' and the pipelines' identities."""
    environment = stack.environment
    for component in ("external-dns", "cert-manager", "velero", BOOTSTRAP):
        account = environment.component_accounts.get(component)
        if account is None:
            continue  # of a capability that is left out
        pods = f"pods {account.namespace}/{account.name}"
        yield Grant(pods, "assume", f"identities/component {component}"), "The component's pods act as its identity"
    for pipeline, subjects in environment.identity.workflows(environment.name, environment.tier).items():
        for subject in subjects:
            grant = Grant(f"workflow {subject}", "assume", f"identities/pipeline {pipeline}")
            yield grant, "identity.repository: its workflows (ID-1)"


def _services(stack: Subject) -> Iterator[Row]:
    """Identities that services of Azure use."""
    away = names.RECOVERY_KEYS if stack.target.recovery_region else ()
    streams = {"events": "cloud streams"} if stack.environment.streams else {}
    for purpose, service in {**_KEY_USERS, **streams}.items():
        for name in [purpose, *([f"{purpose}-recovery"] if purpose in away else [])]:
            reason = f"{service.removeprefix('cloud ').capitalize()} is encrypted with the key {name} (KEY-3)"
            yield Grant(f"service {name}-key", "encrypt", f"keys/{name}"), reason
            yield Grant(f"service {name}-key", "decrypt", f"keys/{name}"), reason
            yield Grant(service, "assume", f"identities/service {name}-key"), reason
    if stack.environment.network.entry:
        reason = "The gateway reads its certificate: TLS termination with Key Vault certificates"
        yield Grant("service entry", "read-secret", "secrets/entry"), reason
        yield Grant("cloud gateway", "assume", "identities/service entry"), reason
    reason = "Members of identity.admin_group administer the database server (SEC-2)"
    yield Grant("people admin", "connect", "database/admin"), reason
    if stack.environment.cost.sleep:
        reason = "cost.sleep: the schedule stops and starts it (COST-2)"
        for part, object in (("cluster", "kubernetes"), ("database", "database/server")):
            for direction in ("down", "up"):
                yield Grant(f"service {part}-{direction}", "operate", object), reason


def _cluster() -> Iterator[Row]:
    """Rights of the control plane and the kubelets."""
    reason = "AKS joins nodes and load balancers to the network: Use a managed identity in AKS, network contributor"
    yield Grant("cluster", "change-network", "network"), reason
    yield Grant("cluster", "operate", "network"), reason
    reason = "AKS writes the API server's name: Create a private AKS cluster, configure a private DNS zone"
    yield Grant("cluster", "change-network", "dns/private"), reason
    reason = "AKS encrypts secrets with the key: Key management service, grant permissions (K8S-2)"
    for verb in _verbs("encrypt decrypt change-keys"):
        yield Grant("cluster", verb, "keys/cluster"), reason
    reason = "AKS connects to a private vault with Key Vault Contributor: Key management service, private key vault"
    for verb in _verbs("operate change-keys change-policy delete"):
        yield Grant("cluster", verb, "keys/vault"), reason
    yield Grant("cluster", "write-secret", "secrets/vault"), reason
    reason = "AKS gives the kubelets their identity: Use a managed identity in AKS, kubelet identity"
    yield Grant("cluster", "pass", "identities/nodes"), reason
    yield Grant("nodes", "assume", "identities/nodes"), reason
    yield Grant("cloud cluster", "assume", "identities/cluster"), reason
    yield Grant("cluster", "view", "volumes"), "AKS reads the disk encryption set: Bring your own keys with Azure disks"


def _pipelines(stack: Subject) -> Iterator[Row]:
    """Rights of the plan and the apply identity: on the stack's groups, and on the subscription where it is not in
    one."""
    sites = ["home", *(["recovery"] if stack.target.recovery_region else [])]
    for site in sites:
        reason = (
            "The apply identity creates, changes and destroys what is in the groups; the roles that it cannot assign"
        )
        yield Grant("pipeline apply", "change-network", whole(site)), reason
        yield Grant("pipeline apply", "view", whole(site)), reason
        for table in (_CONTRIBUTOR, _OFFICERS):
            for verb, kinds in table.items():
                for kind in kinds.split():
                    yield Grant("pipeline apply", verb, all_of(kind, site)), reason
        reason = "It assigns roles to the stack's identities, except those that can assign others"
        yield Grant("pipeline apply", "change-policy", f"{all_of('roles', site)} unprivileged"), reason
        yield Grant("pipeline apply", "change-policy", all_of("policies", site)), "It creates locks, policies and roles"
        reason = "The provider reads write-only secrets when it plans, and discards them"
        yield Grant("pipeline plan", "read-secret", all_of("secrets", site)), reason
    reason = "Activity log, Defender, baseline, budget and flow logs are of the subscription"
    yield Grant("pipeline apply", "change-detection", "detection/*"), reason
    yield Grant("pipeline apply", "change-policy", "policies/*"), reason
    yield Grant("pipeline apply", "operate", "costs/*"), reason
    yield Grant("pipeline apply", "view", "account"), "An apply plans first"
    yield Grant("pipeline plan", "write-data", "state/plans"), "A plan stores its bundle beside the states"
    reason = "The state home's key seals the bundle of a plan and opens it for the apply"
    for verb in _verbs("encrypt decrypt"):
        yield Grant("pipeline apply", verb, "keys/state"), reason
    for kind in ("keys", "secrets", "certificates"):
        yield Grant("pipeline plan", "view", f"{kind}/state"), reason
    for name in ("plan", "apply"):
        reason = "Reading every resource includes pulling images: Azure Container Registry roles and permissions"
        yield Grant(f"pipeline {name}", "read-data", "registry/*"), reason


def _backup(stack: Subject) -> Iterator[Row]:
    """Rights of the backup vault's own identity."""
    reason = "The vault copies the lake: Configure and manage backup for Azure Blobs, grant permissions (BAK-1)"
    for layer in ("silver", "gold", "platinum"):
        yield Grant("service backup", "operate", f"lake/{layer}/*"), reason
        yield Grant("service backup", "change-policy", f"lake/{layer}/*"), f"{reason}; it locks the account"
    reason = "The vault copies the database: Back up Azure Database for PostgreSQL Flexible Server (BAK-1)"
    yield Grant("service backup", "read-data", "database/server"), reason
    yield Grant("service backup", "view", whole("home")), reason
    yield Grant("service backup", "read-data", "registry/*"), "Reader on the group includes pulling images"
    for verb in _verbs("encrypt decrypt"):
        reason = "The vault is encrypted with the key: Encryption of backup data using customer-managed keys"
        yield Grant("service backup", verb, "keys/backups"), reason
    yield Grant("cloud backup", "assume", "identities/service backups-key"), reason


def _deployer(stack: Subject) -> Iterator[Row]:
    """Rights of the service principal that applies besides the pipelines."""
    vaults = ["vault", *(["vault-recovery", "vault-geo"] if stack.target.recovery_region else [])]
    for vault in vaults:
        for verb, kinds in {**_OFFICERS, "change-keys": "keys", "write-secret": "secrets"}.items():
            for kind in [*kinds.split(), *(["keys"] if verb == "delete" else [])]:
                yield Grant("people deployer", verb, f"{kind}/{vault}"), "azure.deployer_id creates keys and secrets"


def _verbs(words: str) -> tuple[Verb, ...]:
    return tuple(verb for verb in VERBS if verb in words.split())
