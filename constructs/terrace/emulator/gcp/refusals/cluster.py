"""Refusals of GKE."""

import ipaddress
import re
from collections.abc import Iterator
from datetime import datetime

from terrace.emulator.gcp.call import Call, last
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.policies import is_visible
from terrace.emulator.gcp.quirks import refuses

HOURS_IN_32_DAYS = 48


@refuses("container", "clusters", "nodePools")
def name(resource: Json, call: Call) -> Iterator[str]:
    """Source: GKE API, Cluster.name, NodePool.name: 40 characters, lower case."""
    text = str(resource.get("name", ""))
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", text):
        yield f"Invalid name '{text}': [a-z]([-a-z0-9]{{0,38}}[a-z0-9])?"


@refuses("container", "clusters")
def ranges_exist(cluster: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Create a VPC-native cluster": secondary ranges of the subnet, by name."""
    allocation = cluster.get("ipAllocationPolicy") or {}
    subnet = last(cluster.get("subnetwork"))
    requested = [allocation.get(field) for field in ("clusterSecondaryRangeName", "servicesSecondaryRangeName")]
    subnetworks = (body for key, body in call.store.resources() if "/subnetworks/" in key and body["name"] == subnet)
    known = {each.get("rangeName") for body in subnetworks for each in body.get("secondaryIpRanges", ())}
    for each in requested:
        if each and each not in known:
            yield f"Pod or service secondary range '{each}' not found in subnetwork '{subnet}'."


@refuses("container", "clusters")
def one_network_policy(cluster: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Use GKE Dataplane V2": not with Calico's network policy."""
    advanced = (cluster.get("networkConfig") or {}).get("datapathProvider") == "ADVANCED_DATAPATH"
    if advanced and (cluster.get("networkPolicy") or {}).get("enabled"):
        yield "Enabling NetworkPolicy for clusters with DatapathProvider=ADVANCED_DATAPATH is not allowed."


@refuses("container", "clusters")
def zones_in_region(cluster: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Cluster configuration choices": nodes are in the cluster's region."""
    region = re.sub(r"-[a-z]$", "", call.name.split("/")[3])
    for zone in cluster.get("locations", ()):
        if not re.fullmatch(rf"{region}-[a-z]", zone):
            yield f"The location '{zone}' is not a zone of {region}."


@refuses("container", "clusters")
def allowed_networks(cluster: Json, call: Call) -> Iterator[str]:
    """Source: GKE API, MasterAuthorizedNetworksConfig.CidrBlock: CIDR notation without host bits."""
    for block in (cluster.get("masterAuthorizedNetworksConfig") or {}).get("cidrBlocks", ()):
        try:
            ipaddress.ip_network(block.get("cidrBlock", ""))
        except ValueError:
            yield f"Invalid master authorized networks: '{block.get('cidrBlock')}' is not a CIDR block."


@refuses("container", "clusters")
def maintenance(cluster: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Maintenance windows and exclusions": 48 hours in any 32 days, 4 at a time."""
    window = ((cluster.get("maintenancePolicy") or {}).get("window") or {}).get("recurringWindow") or {}
    span = window.get("window") or {}
    if not (span.get("startTime") and span.get("endTime")):
        return
    start, end = (datetime.fromisoformat(span[each].replace("Z", "+00:00")) for each in ("startTime", "endTime"))
    hours = (end - start).total_seconds() / 3600
    rule = dict(part.split("=", 1) for part in str(window.get("recurrence", "")).split(";") if "=" in part)
    times = {"DAILY": 32, "WEEKLY": 4 * len(rule.get("BYDAY", "MO").split(","))}.get(rule.get("FREQ", ""), 1)
    if hours < 4 or hours * times < HOURS_IN_32_DAYS:
        yield f"maintenance policy would go longer than 32d without {HOURS_IN_32_DAYS}h maintenance availability."


@refuses("container", "clusters")
def groups(cluster: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Configure Google Groups for RBAC": the group is named gke-security-groups."""
    config = cluster.get("authenticatorGroupsConfig") or {}
    group = config.get("securityGroup", "")
    if config.get("enabled") and not re.fullmatch(r"gke-security-groups@[^@]+\.[a-z]+", group):
        yield f"Invalid security group '{config.get('securityGroup')}': gke-security-groups@yourdomain.com"


def _cluster(call: Call) -> Json:
    return call.store.get(call.key.split("/nodePools")[0]) or call.sent


@refuses("container", "nodePools")
def sizes(pool: Json, call: Call) -> Iterator[str]:
    """Source: GKE API, NodePoolAutoscaling: per-zone or total limits, not both; minimum up to maximum."""
    scaling = pool.get("autoscaling") or {}
    each_zone = [scaling.get(field) for field in ("minNodeCount", "maxNodeCount")]
    total = [scaling.get(field) for field in ("totalMinNodeCount", "totalMaxNodeCount")]
    if any(each_zone) and any(total):
        yield "Total and per-zone limits of the node pool autoscaler cannot both be given."
    for least, most in (each_zone, total):
        if int(least or 0) > int(most or 0):
            yield f"The minimum of nodes {least} must not be greater than the maximum {most}."
    if scaling.get("enabled") and not any((*each_zone, *total)):
        yield "The maximum of nodes must be greater than 0 where autoscaling is on."


@refuses("container", "nodePools")
def management(pool: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Release channels": automatic upgrade and repair are required in a channel."""
    channel = (_cluster(call).get("releaseChannel") or {}).get("channel", "UNSPECIFIED")
    settings = pool.get("management") or {"autoUpgrade": True, "autoRepair": True}
    for field in ("autoUpgrade", "autoRepair") if channel != "UNSPECIFIED" else ():
        if not settings.get(field):
            yield f"{field} must be true when the release channel {channel} is set."


@refuses("container", "nodePools")
def identity(pool: Json, call: Call) -> Iterator[str]:
    """Source: GKE documentation, "Use Workload Identity Federation for GKE": the cluster must have it enabled;
    the nodes' service account must exist."""
    config = pool.get("config") or {}
    enabled = (config.get("workloadMetadataConfig") or {}).get("mode") == "GKE_METADATA"
    if enabled and not (_cluster(call).get("workloadIdentityConfig") or {}).get("workloadPool"):
        yield "GKE_METADATA can only be set when Workload Identity Federation is enabled on the cluster."
    account = str(config.get("serviceAccount", "default"))
    key = f"iam/projects/{call.cloud.project}/serviceAccounts/{account}"
    if account.endswith(f"@{call.cloud.project}.iam.gserviceaccount.com") and not is_visible(call, key):
        yield f"The service account '{account}' does not exist."


@refuses("container", "nodePools")
def spot_nodes(pool: Json, call: Call) -> Iterator[str]:
    """Source: GKE API, NodeConfig: `spot` replaces `preemptible`; not both."""
    config = pool.get("config") or {}
    if config.get("spot") and config.get("preemptible"):
        yield "Spot and preemptible cannot both be set."
