"""Foreign resources in the network and of the cluster. Sources: the names and labels that GKE's controllers give to
what they create (k8s-, k8s1-, gkegw1-, goog-k8s-cluster-name); Virtual Private Cloud, "Delete a network".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from terrace.gcp import names
from terrace.live.foreign import Kind
from terrace.live.gcp.checks import Deployment, named

_CLUSTER = "goog-k8s-cluster-name"


def _own(deployment: Deployment, entry: dict[str, Any]) -> bool:
    """Whether Terraform created it: by its labels, or by its name where a type has none."""
    if entry.get("labels", {}).get("managed-by") == "terrace":
        return True
    name = str(entry["name"])
    return name == deployment.prefix or name.startswith(f"{deployment.prefix}-")


def _of_cluster(deployment: Deployment, entry: dict[str, Any]) -> bool:
    return bool(entry.get("labels", {}).get(_CLUSTER) == deployment.prefix)


def _entries(deployment: Deployment, type: str, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The scope and body of all entries: in the regions or zones of the deployment, or global."""
    project = names.account(deployment.target)
    regions = [one for one in (deployment.target.region, deployment.target.recovery_region) if one]
    zones = [*deployment.target.zones, *deployment.target.spare_zones]
    for place in {"global": [""], "region": regions, "zone": zones}[where]:
        parameters = {where: place} if place else {}
        for entry in deployment.pages("compute", f"{type}.list", "items", project=project, **parameters):
            yield f"{where}s/{place}" if place else "global", entry


def _compute(
    type: str, where: str, foreign: Callable[[Deployment, dict[str, Any]], bool]
) -> Callable[[Deployment], Iterable[str]]:
    def find(deployment: Deployment) -> Iterable[str]:
        for scope, entry in _entries(deployment, type, where):
            if not _own(deployment, entry) and foreign(deployment, entry):
                kind = type.removeprefix("global")
                yield f"{scope}/{kind[0].lower()}{kind[1:]}/{entry['name']}"

    return find


def _networked(deployment: Deployment, entry: dict[str, Any]) -> bool:
    """Whether it is in the deployment's network, directly, by a subnet, or by an interface."""
    cards = [entry, *entry.get("networkInterfaces", [])]
    subnet = any(named(card.get("subnetwork")).startswith(f"{deployment.prefix}-") for card in cards)
    return subnet or any(named(card.get("network")) == deployment.prefix for card in cards)


def _instance(deployment: Deployment, entry: dict[str, Any]) -> bool:
    """Not a node, which GKE deletes with the cluster."""
    return _networked(deployment, entry) and _CLUSTER not in entry.get("labels", {})


def _firewall(deployment: Deployment, entry: dict[str, Any]) -> bool:
    """Not GKE's own rules, which it deletes with the cluster."""
    return _networked(deployment, entry) and not str(entry["name"]).startswith(f"gke-{deployment.prefix}-")


def _route(deployment: Deployment, entry: dict[str, Any]) -> bool:
    """Not what Google makes with a network, a subnet or a peering."""
    made = str(entry["name"]).startswith(("default-route-", "peering-route-", "gke-"))
    return _networked(deployment, entry) and not made


def _controller(deployment: Deployment, entry: dict[str, Any]) -> bool:
    """What the cluster's Ingress and Gateway controllers make outside the network: known by its name, and by its
    description, which names objects of the cluster."""
    name, text = str(entry["name"]), str(entry.get("description", ""))
    by_name = name.startswith(("k8s-", "k8s1-", "k8s2-", "gkegw1-", "gkemcg1-"))
    return _of_cluster(deployment, entry) or _networked(deployment, entry) or (by_name and "kubernetes.io" in text)


def _disk_snapshot(deployment: Deployment, entry: dict[str, Any]) -> bool:
    return _of_cluster(deployment, entry) or named(entry.get("sourceDisk")).startswith("pvc-")


def _records(deployment: Deployment) -> Iterable[str]:
    """Private zones of others that are linked to the network."""
    project = names.account(deployment.target)
    for zone in deployment.pages("dns", "managedZones.list", "managedZones", project=project):
        linked = zone.get("privateVisibilityConfig", {}).get("networks", [])
        inside = any(named(one.get("networkUrl")) == deployment.prefix for one in linked)
        if inside and not _own(deployment, zone) and not str(zone["name"]).startswith("gke-"):
            yield str(zone["name"])


def _databases(deployment: Deployment) -> Iterable[str]:
    project = names.account(deployment.target)
    for instance in deployment.pages("sqladmin", "instances.list", "items", project=project):
        settings = instance.get("settings", {})
        network = settings.get("ipConfiguration", {}).get("privateNetwork")
        own = settings.get("userLabels", {}).get("managed-by") == "terrace"
        if named(network) == deployment.prefix and not own:
            yield str(instance["name"])


def _peerings(deployment: Deployment) -> Iterable[str]:
    network = deployment.call(
        "compute", "networks.get", project=names.account(deployment.target), network=deployment.prefix
    )
    for peering in network.get("peerings", []):
        if not str(peering["name"]).startswith(("servicenetworking-", "gke-")):
            yield str(peering["name"])


def _node_pools(deployment: Deployment) -> Iterable[str]:
    parent = f"{deployment.place}/clusters/{deployment.prefix}"
    answer = deployment.call("container", "projects.locations.clusters.nodePools.list", parent=parent)
    for pool in answer.get("nodePools", []):
        if pool.get("config", {}).get("resourceLabels", {}).get("managed-by") != "terrace":
            yield str(pool["name"])


_SERVICE = "delete the Service, Ingress or Gateway in the cluster, or"

KINDS: tuple[Kind[Deployment], ...] = (
    Kind("compute", "forwarding rule", _compute("forwardingRules", "region", _controller),
         f"{_SERVICE} `gcloud compute forwarding-rules delete` {{}}"),
    Kind("compute", "global forwarding rule", _compute("globalForwardingRules", "global", _controller),
         f"{_SERVICE} `gcloud compute forwarding-rules delete --global` {{}}"),
    Kind("compute", "target proxy", _compute("targetHttpProxies", "global", _controller),
         "`gcloud compute target-http-proxies delete` {}"),
    Kind("compute", "URL map", _compute("urlMaps", "global", _controller), "`gcloud compute url-maps delete` {}"),
    Kind("compute", "backend service", _compute("backendServices", "global", _controller),
         "`gcloud compute backend-services delete --global` {}"),
    Kind("compute", "health check", _compute("healthChecks", "global", _controller),
         "`gcloud compute health-checks delete` {}"),
    Kind("compute", "endpoint group", _compute("networkEndpointGroups", "zone", _networked),
         "`gcloud compute network-endpoint-groups delete` {}"),
    Kind("compute", "address", _compute("addresses", "region", _controller), "`gcloud compute addresses delete` {}"),
    Kind("compute", "instance", _compute("instances", "zone", _instance), "`gcloud compute instances delete` {}"),
    Kind("compute", "firewall rule", _compute("firewalls", "global", _firewall),
         "`gcloud compute firewall-rules delete` {}"),
    Kind("compute", "route", _compute("routes", "global", _route), "`gcloud compute routes delete` {}"),
    Kind("compute", "subnet", _compute("subnetworks", "region", _networked),
         "`gcloud compute networks subnets delete` {}"),
    Kind("compute", "router", _compute("routers", "region", _networked), "`gcloud compute routers delete` {}"),
    Kind("compute", "disk", _compute("disks", "zone", _of_cluster),
         "delete the persistent volume claim in the cluster, or `gcloud compute disks delete` {}"),
    Kind("compute", "disk snapshot", _compute("snapshots", "global", _disk_snapshot),
         "copy it to keep it, then `gcloud compute snapshots delete` {}"),
    Kind("compute", "peering", _peerings, "`gcloud compute networks peerings delete {} --network ...`", outlives=False),
    Kind("dns", "private zone", _records, "`gcloud dns managed-zones update {} --networks ...` without the network"),
    Kind("sqladmin", "sql instance", _databases, "back it up, then `gcloud sql instances delete {}`"),
    Kind("container", "node pool", _node_pools, "`gcloud container node-pools delete {}`", outlives=False),
)  # fmt: skip
