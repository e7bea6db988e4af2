"""GKE: computed fields of clusters and node pools, and updates of single settings.

The provider reads the sub-objects in `_ALWAYS` without checking that they exist.
"""

import base64
import re

from terrace.emulator.gcp.call import Call, invalid
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import number, stamp
from terrace.emulator.gcp.quirks import check_write, completes, required, responds
from terrace.emulator.gcp.verbs import commit, create

_ALWAYS = (
    *("legacyAbac", "binaryAuthorization", "masterAuth", "controlPlaneEndpointsConfig", "privateClusterConfig"),
    *("ipAllocationPolicy", "addonsConfig", "autopilot", "networkConfig"),
)
_VERSION = "1.35.1-gke.1000000"
_SERVICES = {"loggingService": "logging", "monitoringService": "monitoring"}
_NETWORK_FIELDS = frozenset(
    {
        *("datapathProvider", "defaultSnatStatus", "dnsConfig", "gatewayApiConfig", "serviceExternalIpsConfig"),
        "enableCiliumClusterwideNetworkPolicy",
    }
)
_NODE_FIELDS = frozenset(
    {
        *("labels", "taints", "tags", "workloadMetadataConfig", "kubeletConfig", "linuxNodeConfig", "gcfsConfig"),
        *("machineType", "imageType", "diskType", "diskSizeGb", "resourceLabels"),
    }
)
_WRAPPED = {"labels": "labels", "resourceLabels": "labels", "tags": "tags", "taints": "taints"}
"""Fields of an update whose value is inside another object, and its name there. Source: Kubernetes Engine API,
projects.locations.clusters.nodePools.update."""
_NODE_DEFAULTS = {
    "diskSizeGb": 100,
    "diskType": "pd-balanced",
    "machineType": "e2-medium",
    "imageType": "COS_CONTAINERD",
    "serviceAccount": "default",
    "metadata": {"disable-legacy-endpoints": "true"},
}


@responds("container", "clusters.create")
def _create(call: Call) -> Json:
    cluster = call.sent
    first = {"name": "default-pool", "initialNodeCount": cluster.get("initialNodeCount", 1)}
    pools = cluster.pop("nodePools", None) or [first | {"config": cluster.get("nodeConfig", {})}]
    for pool in pools:
        check_write(call, pool, "nodePools")
    response = create(call)
    for pool in pools:
        key = f"{call.key}/{cluster['name']}/nodePools/{pool['name']}"
        _pool(call, pool, key)
        call.store.put(key, pool)
    return response


@completes("container", "clusters")
def _cluster(call: Call, cluster: Json, key: str) -> None:
    location = key.split("/")[4]
    is_zone = re.search(r"-[a-z]$", location)
    for field in _ALWAYS:
        cluster.setdefault(field, {})
    for field, service in _SERVICES.items():
        cluster.setdefault(field, f"{service}.googleapis.com/kubernetes")
    network, ranges = cluster["networkConfig"], cluster["ipAllocationPolicy"]
    network.setdefault("network", cluster.get("network", "default"))
    network.setdefault("subnetwork", cluster.get("subnetwork", "default"))
    network.setdefault("defaultSnatStatus", {})
    network.setdefault("serviceExternalIpsConfig", {"enabled": False})
    cluster.setdefault("locations", [location] if is_zone else [f"{location}-{letter}" for letter in "abc"])
    cluster["masterAuth"].setdefault("clusterCaCertificate", base64.b64encode(b"emulated").decode())
    cluster["autopilot"].setdefault("enabled", False)
    endpoints = cluster["controlPlaneEndpointsConfig"]
    allowed = cluster.get("masterAuthorizedNetworksConfig", {})
    endpoints.setdefault("ipEndpointsConfig", {}).setdefault("authorizedNetworksConfig", allowed)
    endpoints["ipEndpointsConfig"]["privateEndpoint"] = "10.40.20.2"
    endpoints.setdefault("dnsEndpointConfig", {})["endpoint"] = f"gke-{number(key, digits=12)}.{location}.gke.goog"
    cluster.setdefault("clusterIpv4Cidr", ranges.get("clusterIpv4CidrBlock", "10.64.0.0/14"))
    cluster.setdefault("servicesIpv4Cidr", ranges.get("servicesIpv4CidrBlock", "10.68.0.0/20"))
    cluster.setdefault("defaultMaxPodsConstraint", {"maxPodsPerNode": "110"})
    version = cluster.get("initialClusterVersion") or _VERSION
    if "gke" not in version:
        version += _VERSION[4:] if version.count(".") == 1 else "-gke.1000000"
    cluster.setdefault("currentMasterVersion", version)
    cluster.setdefault("currentNodeVersion", version)
    kind = "zones" if is_zone else "locations"
    cluster |= {
        "location": location,
        "zone": location,
        "endpoint": "10.40.20.2",
        "selfLink": call.url(re.sub(r"/locations/", f"/{kind}/", key.partition("/")[2])),
    }


@completes("container", "nodePools")
def _pool(call: Call, pool: Json, key: str) -> None:
    cluster = required(call, key.split("/nodePools/")[0])
    pool.setdefault("status", "RUNNING")
    pool.setdefault("version", cluster["currentNodeVersion"])
    pool.setdefault("locations", cluster["locations"])
    pool.setdefault("podIpv4CidrSize", 24)
    pool.setdefault("instanceGroupUrls", [])
    pool.setdefault("maxPodsConstraint", {"maxPodsPerNode": "110"})
    pool.setdefault("management", {"autoRepair": True, "autoUpgrade": True})
    pool.setdefault("upgradeSettings", {"maxSurge": 1, "strategy": "SURGE"})
    pool.setdefault("networkConfig", {})
    pool["etag"] = stamp(pool)
    config = pool.setdefault("config", {})
    for field, value in _NODE_DEFAULTS.items():
        config.setdefault(field, value)
    pool["selfLink"] = f"https://container.googleapis.com/v1/{key.partition('/')[2]}"


@responds("container", "clusters.get")
def _get(call: Call) -> Json:
    """A cluster includes its pools, and the node settings of the first one."""
    cluster = required(call, call.key)
    pools = [pool for _, pool in call.store.below(f"{call.key}/nodePools")]
    return cluster | {"nodePools": pools} | ({"nodeConfig": pools[0]["config"]} if pools else {})


@responds("container", "clusters.update")
def _update(call: Call) -> Json:
    """`desiredFoo` of an update sets `foo` of the cluster. Source for versions: "Upgrading clusters"."""
    cluster = required(call, call.key)
    for field, value in call.body["update"].items():
        if field == "desiredMasterVersion":
            cluster["currentMasterVersion"] = _upgraded(str(cluster["currentMasterVersion"]), str(value))
            continue
        name = field.removeprefix("desired")
        name = name[:1].lower() + name[1:]
        target = cluster["networkConfig"] if name in _NETWORK_FIELDS else cluster
        both = isinstance(value, dict) and isinstance(target.get(name), dict)
        target[name] = target[name] | value if both else value
    return commit(call, cluster, call.key)


def _upgraded(current: str, wanted: str) -> str:
    """The control plane's full version after an upgrade; a minor version cannot be skipped, and nothing goes back."""
    if wanted in ("-", "latest") or current.startswith(f"{wanted}."):
        return current
    before, after = (int(version.split(".")[1]) for version in (current, wanted))
    if after not in (before, before + 1):
        raise invalid(f'Master cannot be upgraded to "{wanted}": from {current}, only one minor version at a time.')
    return wanted + _VERSION[4:] if wanted.count(".") == 1 else wanted


@responds("container", "nodePools.update", *(f"nodePools.set{what}" for what in ("Size", "Management", "Autoscaling")))
@responds("container", *(f"clusters.set{what}" for what in ("MaintenancePolicy", "ResourceLabels", "Logging")))
def _set(call: Call) -> Json:
    key = call.key
    resource = required(call, key)
    for field, value in call.body.items():
        if field in ("name", "clusterId", "projectId", "zone", "nodePoolId"):
            continue
        name = {"nodeCount": "initialNodeCount"}.get(field, field)
        if field == "diskSizeGb":
            value = int(value)  # a string in the request
        elif field in _WRAPPED and "config" in resource:
            value = value.get(_WRAPPED[field])
        (resource["config"] if "config" in resource and name in _NODE_FIELDS else resource)[name] = value
    return commit(call, resource, key)
