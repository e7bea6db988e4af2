"""What Azure rejects although the provider plans it."""

import re
from collections.abc import Iterator

from terrace.environment.naming import prefix
from terrace.environment.rules.cloud_rule import only, reserved, tag_keys
from terrace.environment.schema import Environment
from terrace.errors import Problem

RESERVED_ASNS = (8074, 8075, 12076, 23456, 65515, 65517, 65518, 65519, 65520)
"""ASNs of Azure or reserved by it. Source: Azure VPN Gateway FAQ, "BGP and routing", which ASNs can be used."""

RESERVED_RANGES = {
    "169.254.0.0/16": "AKS reserves",
    "172.30.0.0/16": "AKS reserves",
    "172.31.0.0/16": "AKS reserves",
    "192.0.2.0/24": "AKS reserves",
    "100.64.0.0/16": "the cluster's pods use",
    "168.63.129.16/32": "Azure uses for DNS and health probes",
}
"""Ranges that no network and no services of a cluster may overlap. Sources: AKS documentation, "IP address planning";
Azure Virtual Network documentation, "What is IP address 168.63.129.16?". The pods' is Terrace's own."""

FLOW_LOG_DAYS = 365
"""Source: Network Watcher REST API, FlowLogs, retentionPolicy."""

IMAGE_GB = 30
STANDARD_HOURS = 168
"""Longest retention of the standard tier of Event Hubs. Source: "Event Hubs quotas and limits"."""

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
"""A storage account's name. Source: Azure documentation, "Naming rules and restrictions for Azure resources"."""

_TAG_KEY = re.compile(r"(?!(?i:microsoft|azure|windows))[^<>%&?/]+")


@only("azure")
def prefix_has_no_reserved_word(environment: Environment) -> Iterator[Problem]:
    """Source: Azure Resource Manager, "Resolve reserved resource name errors"."""
    start = prefix(environment)
    words = [word for word in ("microsoft", "windows") if word in start]
    words += [word for word in ("login", "xbox") if start.startswith(word)]
    for word in words:
        yield Problem(
            f"names would start with {start!r}; Azure reserves the word {word!r}.",
            path="project",
            hint="Use another project name.",
        )


@only("azure")
def tag_keys_are_allowed(environment: Environment) -> Iterator[Problem]:
    """Source: Azure Resource Manager, "Use tags to organize your Azure resources", limitations."""
    yield from tag_keys(
        environment,
        _TAG_KEY,
        "Azure allows no /, and reserves microsoft, azure and windows",
    )


@only("azure")
def state_bucket_is_storage_account_name(environment: Environment) -> Iterator[Problem]:
    bucket = environment.state.bucket
    if bucket and not _ACCOUNT.fullmatch(bucket):
        yield Problem(
            f"{bucket!r} is not a storage account name.",
            path="state.bucket",
            hint="Expected 3 to 24 characters of a-z and 0-9.",
        )


@only("azure")
def pool_names_differ_without_hyphens(environment: Environment) -> Iterator[Problem]:
    """AKS allows only a-z and 0-9, so Terrace removes hyphens. Source: AKS documentation, "Create node pools"."""
    seen: dict[str, str] = {}
    for name in environment.pools:
        pool_name = name.replace("-", "")
        if pool_name in seen:
            message = f"the pool name on AKS, {pool_name!r}, is the same as that of pool {seen[pool_name]!r}."
            yield Problem(message, path=f"cluster.pools.{name}")
        seen.setdefault(pool_name, name)


@only("azure")
def peer_asn_is_not_reserved(environment: Environment) -> Iterator[Problem]:
    hybrid = environment.network.hybrid
    if hybrid is not None and hybrid.peer_asn in RESERVED_ASNS:
        yield Problem(
            f"Azure reserves the ASN {hybrid.peer_asn}.",
            path="network.hybrid.peer_asn",
            hint="Use another private ASN, such as 65010.",
        )


@only("azure")
def ranges_are_not_reserved(environment: Environment) -> Iterator[Problem]:
    yield from reserved(environment, RESERVED_RANGES, services=True)


@only("azure")
def database_sku_supports_standby(environment: Environment) -> Iterator[Problem]:
    """Source: Azure Database for PostgreSQL Flexible Server, "High availability", limits; "Read replicas"."""
    sku, database = environment.azure.database_sku if environment.azure else None, environment.database
    if sku and sku.startswith("B_") and database and (database.high_availability or database.replicas):
        message = f"{sku!r} is a burstable SKU, which supports neither high availability nor replicas."
        yield Problem(message, path="azure.database_sku")


@only("azure")
def node_disk_fits_image(environment: Environment) -> Iterator[Problem]:
    """Source: Azure CLI reference, `az aks nodepool add`, --node-osdisk-size."""
    for name, pool in environment.pools.items():
        if pool.disk_gb < IMAGE_GB:
            message = f"{pool.disk_gb} GB is too small; the node image of AKS needs {IMAGE_GB} GB."
            yield Problem(message, path=f"cluster.pools.{name}.disk_gb")


@only("azure")
def streams_fit_tier(environment: Environment) -> Iterator[Problem]:
    """Size small is the standard tier of Event Hubs, without customer keys and with a shorter retention. Source: "Event
    Hubs quotas and limits", "Configure customer-managed keys"."""
    if environment.streams is None or environment.streams.size != "small":
        return
    if environment.tier != "dev":
        message = (
            f"size small is encrypted with Azure's own key; {environment.tier} needs the environment's (STREAM-2)."
        )
        yield Problem(message, path="streams.size", hint="Use medium or more.")
    for name, topic in environment.topics.items():
        if topic.retention_hours > STANDARD_HOURS:
            message = f"{topic.retention_hours} hours is too long; size small keeps events for {STANDARD_HOURS} hours."
            yield Problem(message, path=f"topics.{name}.retention_hours", hint="Use medium or more for streams.size.")


@only("azure")
def flow_log_retention_is_supported(environment: Environment) -> Iterator[Problem]:
    days = environment.observability.retention_days
    if days > FLOW_LOG_DAYS:
        message = f"{days} days is too long; Azure keeps flow logs for at most {FLOW_LOG_DAYS} days (NET-5)."
        yield Problem(message, path="observability.retention_days")
