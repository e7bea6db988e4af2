"""The guarantees: one sentence each, true on every cloud, with the capability that carries it.

Numbers (zones, days, replicas) come from the environment. An id is never given to another sentence.
"""

from typing import NamedTuple


class Guarantee(NamedTuple):
    """`capability` is the name of the file that carries it on each cloud (`aws/<capability>.py`)."""

    id: str
    capability: str
    sentence: str


GUARANTEES: tuple[Guarantee, ...] = (
    Guarantee("NET-1", "network", "Nodes and data services run in private subnets in every zone of the environment"),
    Guarantee("NET-2", "network", "Nothing but the entry has a public address; egress leaves by NAT, fixed address"),
    Guarantee("NET-3", "network", "The cloud's own services are reached on private paths"),
    Guarantee("NET-4", "network", "Traffic is refused by default, and every opening names its purpose"),
    Guarantee("NET-5", "network", "Flow logs of all traffic are kept as long as the environment says"),
    Guarantee("NET-6", "entry", "The public entry has a firewall, speaks TLS 1.2 or newer and redirects plain HTTP"),
    Guarantee("NET-7", "hybrid", "A private link to on-premises is there when the environment asks for it"),
    Guarantee("KEY-1", "keys", "Each purpose has a customer-managed key of its own, rotated at least yearly"),
    Guarantee("KEY-2", "keys", "No key can be lost by accident: destruction waits, and none is under way"),
    Guarantee("KEY-3", "keys", "A key serves only the service and the identities that need it"),
    Guarantee("SEC-1", "secrets", "Secrets live in the cloud's secret manager and nowhere else, encrypted by our key"),
    Guarantee("SEC-2", "secrets", "The database's admin credential is generated and rotated without people"),
    Guarantee("SEC-3", "secrets", "A workload reads its own secret with its own identity, and no other one does"),
    Guarantee("K8S-1", "cluster", "The Kubernetes API answers privately, or to the ranges that the environment names"),
    Guarantee("K8S-2", "cluster", "Kubernetes secrets are encrypted with the cluster's key"),
    Guarantee("K8S-3", "cluster", "Control-plane and audit logs are on and kept"),
    Guarantee("K8S-4", "cluster", "Pods get cloud rights by workload identity only, never from their node"),
    Guarantee("K8S-5", "cluster", "People enter through the organisation's identity provider; no local admin exists"),
    Guarantee("K8S-6", "cluster", "Each node pool scales by itself within the environment's bounds"),
    Guarantee("K8S-7", "cluster", "The Kubernetes version is supported, and sick nodes are replaced by themselves"),
    Guarantee("K8S-8", "cluster", "Network policies are enforced"),
    Guarantee("K8S-9", "cluster", "Node disks are encrypted with our key, node images minimal and verified"),
    Guarantee("K8S-10", "registry", "Images come from a private registry that scans them and never moves a tag"),
    Guarantee("DB-1", "database", "The database is reachable privately only"),
    Guarantee("DB-2", "database", "Every database connection requires TLS"),
    Guarantee("DB-3", "database", "The database and its backups are encrypted with the database's key"),
    Guarantee("DB-4", "database", "The database has a standby in another zone where the environment asks for it"),
    Guarantee("DB-5", "database", "Any second of the environment's days can be recovered, elsewhere too in prod"),
    Guarantee("DB-6", "database", "The database cannot be deleted by accident where the environment protects it"),
    Guarantee("DB-7", "database", "Audit and slow-query logs and query insights are on"),
    Guarantee("DB-8", "database", "Storage grows by itself, and the environment's read replicas exist"),
    Guarantee("DB-9", "database", "Extensions, schemas and a role a module can be created, logged in by identity"),
    Guarantee("DB-10", "database", "Minor versions are patched by themselves inside the maintenance window"),
    Guarantee("CACHE-1", "cache", "The cache is reachable privately only, and never without authentication"),
    Guarantee("CACHE-2", "cache", "The cache speaks TLS only and is encrypted with the cache's key"),
    Guarantee("CACHE-3", "cache", "The cache fails over to the environment's replicas, and snapshots are kept"),
    Guarantee("LAKE-1", "lake", "Nothing in the lake can be made public"),
    Guarantee("LAKE-2", "lake", "The lake is encrypted with its key and refuses plain HTTP"),
    Guarantee("LAKE-3", "lake", "Every bucket keeps versions, and bronze is immutable for the environment's days"),
    Guarantee("LAKE-4", "lake", "Cold data moves to cheaper tiers and ends when its layer's rule says so"),
    Guarantee("LAKE-5", "lake", "The lake is copied to the recovery region where the environment asks for it"),
    Guarantee("LAKE-6", "lake", "Access to the lake is logged"),
    Guarantee("LAKE-7", "lake", "A module may do in the lake what it declares, and no more"),
    Guarantee("OBS-1", "observability", "Logs go to one place, encrypted, and stay as long as the environment says"),
    Guarantee("OBS-2", "observability", "The same signals raise alarms everywhere"),
    Guarantee("OBS-3", "observability", "Alarms reach people through the environment's channels, and escalate"),
    Guarantee("OBS-4", "observability", "A dashboard shows the signals and the service-level objective"),
    Guarantee("AUD-1", "audit", "Every control-plane call and every read of the lake is on an unchangeable record"),
    Guarantee("AUD-2", "audit", "The cloud's threat detection is on"),
    Guarantee("AUD-3", "audit", "Configuration is recorded and compared with a baseline"),
    Guarantee("BAK-1", "backup", "One plan makes daily backups in a vault of their own, elsewhere too in prod"),
    Guarantee("BAK-2", "backup", "The cluster's state and volumes can be backed up to the lake's backup bucket"),
    Guarantee("BAK-3", "backup", "What is configured meets the environment's recovery objectives"),
    Guarantee("COST-1", "cost", "A budget tells people at 50, 80 and 100 %"),
    Guarantee("COST-2", "cost", "The environment sleeps on its schedule where it has one"),
    Guarantee("GOV-1", "governance", "Everything carries its environment, owner, cost centre, classification, maker"),
    Guarantee("GOV-2", "governance", "Everything stays in the environment's regions"),
    Guarantee("ID-1", "identity", "Pipelines log in by federation, one identity to plan, another to apply; no keys"),
)

BY_ID = {guarantee.id: guarantee for guarantee in GUARANTEES}
