"""What Azure refuses though the provider plans it."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from terrace.environment.naming import prefix
from terrace.environment.rules.cloud_rule import only
from terrace.environment.schema import Environment
from terrace.errors import Problem

TAKEN_ASNS = (8074, 8075, 12076, 23456, 65515, 65517, 65518, 65519, 65520)
"""Azure's own or kept by it. Source: Azure VPN Gateway FAQ, "BGP and routing", which ASNs can be used."""

TAKEN_RANGES = {
    "169.254.0.0/16": "AKS keeps it",
    "172.30.0.0/16": "AKS keeps it",
    "172.31.0.0/16": "AKS keeps it",
    "192.0.2.0/24": "AKS keeps it",
    "100.64.0.0/16": "the cluster's pods have it",
}
"""Ranges that no network and no services of a cluster may touch. Source: AKS documentation, "IP address planning"; the
last is the kit's own."""

FLOW_LOG_DAYS = 365
"""Source: Network Watcher REST API, FlowLogs, retentionPolicy."""

IMAGE_GB = 30

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
"""A storage account's name. Source: Azure documentation, "Naming rules and restrictions for Azure resources"."""


@only("azure")
def names_hold_no_word_of_azures(environment: Environment) -> Iterator[Problem]:
    """Source: Azure Resource Manager, "Resolve reserved resource name errors"."""
    start = prefix(environment)
    words = [word for word in ("microsoft", "windows") if word in start]
    words += [word for word in ("login", "xbox") if start.startswith(word)]
    for word in words:
        yield Problem(f"makes names with {word!r} in {start!r}, which Azure keeps to itself.", path="project")


@only("azure")
def a_state_account_is_called_as_accounts_are(environment: Environment) -> Iterator[Problem]:
    bucket = environment.state.bucket
    if bucket and not _ACCOUNT.fullmatch(bucket):
        yield Problem(f"{bucket!r} is no storage account's name: 3 to 24 of a-z and 0-9.", path="state.bucket")


@only("azure")
def pools_differ_without_their_hyphens(environment: Environment) -> Iterator[Problem]:
    """AKS takes a-z and 0-9 alone, so hyphens are left out. Source: AKS documentation, "Create node pools"."""
    seen: dict[str, str] = {}
    for name in environment.cluster.pools:
        flat = name.replace("-", "")
        if flat in seen:
            yield Problem(f"becomes {flat!r} at AKS, as {seen[flat]!r} does.", path=f"cluster.pools.{name}")
        seen.setdefault(flat, name)


@only("azure")
def the_office_has_a_number_azure_leaves(environment: Environment) -> Iterator[Problem]:
    hybrid = environment.network.hybrid
    if hybrid is not None and hybrid.peer_asn in TAKEN_ASNS:
        yield Problem(
            f"{hybrid.peer_asn} is kept by Azure.",
            path="network.hybrid.peer_asn",
            hint="Take another private one, as 65010.",
        )


@only("azure")
def ranges_leave_room_for_the_cluster(environment: Environment) -> Iterator[Problem]:
    ours = {"network.cidr": environment.network.cidr, "cluster.service_cidr": environment.cluster.service_cidr}
    hybrid = environment.network.hybrid
    ours |= {f"network.hybrid.peer_cidrs.{i}": cidr for i, cidr in enumerate(hybrid.peer_cidrs if hybrid else ())}
    for path, cidr in ours.items():
        try:
            own = IPv4Network(cidr)
        except ValueError:
            continue  # network.ranges_are_canonical says so
        for taken, why in TAKEN_RANGES.items():
            if own.overlaps(IPv4Network(taken)):
                yield Problem(f"{own} overlaps {taken}: {why}.", path=path)


@only("azure")
def an_exact_machine_can_have_a_standby(environment: Environment) -> Iterator[Problem]:
    """Source: Azure Database for PostgreSQL Flexible Server, "High availability", limits; "Read replicas"."""
    sku, database = environment.azure.database_sku if environment.azure else None, environment.database
    if sku and sku.startswith("B_") and (database.high_availability or database.replicas):
        yield Problem(
            f"{sku!r} is a burstable machine, which has no standby and no replicas.", path="azure.database_sku"
        )


@only("azure")
def nodes_have_room_for_their_image(environment: Environment) -> Iterator[Problem]:
    """Source: Azure CLI reference, `az aks nodepool add`, --node-osdisk-size."""
    for name, pool in environment.cluster.pools.items():
        if pool.disk_gb < IMAGE_GB:
            yield Problem(
                f"{pool.disk_gb} GB are too few: AKS puts the image on it, and wants {IMAGE_GB}.",
                path=f"cluster.pools.{name}.disk_gb",
            )


@only("azure")
def flow_logs_can_be_kept(environment: Environment) -> Iterator[Problem]:
    days = environment.observability.retention_days
    if days > FLOW_LOG_DAYS:
        yield Problem(
            f"{days} days are more than the {FLOW_LOG_DAYS} that Azure keeps flow logs (NET-5).",
            path="observability.retention_days",
        )
