"""Foreign resources in the resource groups, in the network and of the cluster.

A resource group with a resource that is not in the state is not deleted (azurerm's
prevent_deletion_if_contains_resources), nor a subnet with an interface or an endpoint. AKS deletes the group of its
nodes with everything in it. Source: Azure Resource Manager, "Delete resource groups and resources".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from terrace.azure import names
from terrace.live.azure.checks import Deployment, at, named
from terrace.live.foreign import Kind

_NETWORK = "Microsoft.Network"


def _own(resource: dict[str, Any]) -> bool:
    return bool((resource.get("tags") or {}).get("managed-by") == "terrace")


def _everything(deployment: Deployment) -> list[dict[str, Any]]:
    return deployment.pages(f"{names.subscription(deployment.target)}/resources")


def _inside(deployment: Deployment, id: str) -> bool:
    """Whether an id is in one of the deployment's resource groups."""
    return id.lower().startswith(tuple(f"{group.lower()}/" for group in deployment.groups))


def _network(deployment: Deployment) -> str:
    return f"{names.id(deployment.target, f'{_NETWORK}/virtualNetworks', deployment.prefix)}/".lower()


_IN_NETWORK = (
    "networkInterfaces",
    "privateEndpoints",
    "loadBalancers",
    "applicationGateways",
    "virtualNetworkGateways",
)
"""Kinds of Microsoft.Network that are in a subnet, and that may be in any resource group."""


def _in_groups(*types: str) -> Callable[[Deployment], Iterable[str]]:
    """Resources of these types in the groups, without Terraform's tags; of every other type with no types."""

    def find(deployment: Deployment) -> Iterable[str]:
        for resource in _everything(deployment):
            type = str(resource["type"]).lower()
            wanted = type in types if types else type not in _LISTED and type.count("/") == 1
            if wanted and _inside(deployment, str(resource["id"])) and not _own(resource) and not _made(resource):
                yield str(resource["id"])

    return find


def _made(resource: dict[str, Any]) -> bool:
    """Whether Azure makes and deletes it with another resource: the interface of a private endpoint, a system topic."""
    return bool(resource.get("managedBy")) or ".nic." in str(resource["name"]).lower()


def _in_subnets(type: str) -> Callable[[Deployment], Iterable[str]]:
    """Resources of a type outside the groups that use a subnet of the network."""

    def find(deployment: Deployment) -> Iterable[str]:
        network = _network(deployment)
        nodes = f"{deployment.groups[0]}-nodes/".lower()
        for resource in deployment.pages(f"{names.subscription(deployment.target)}/providers/{_NETWORK}/{type}"):
            id = str(resource["id"])
            outside = not _inside(deployment, id) and not id.lower().startswith(nodes)
            if outside and not _own(resource) and any(one.startswith(network) for one in _subnets(resource)):
                yield id

    return find


def _subnets(value: Any) -> Iterator[str]:
    """The ids of subnets in a body."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "subnet" and isinstance(below, dict):
                yield str(below.get("id", "")).lower()
            yield from _subnets(below)
    elif isinstance(value, list):
        for below in value:
            yield from _subnets(below)


def _peerings(deployment: Deployment) -> Iterable[str]:
    network = _network(deployment).rstrip("/")
    for peering in deployment.pages(f"{network}/virtualNetworkPeerings"):
        yield str(peering["id"])


def _links(deployment: Deployment) -> Iterable[str]:
    """Private zones outside the groups that are linked to the network."""
    network = _network(deployment).rstrip("/")
    for zone in deployment.pages(f"{names.subscription(deployment.target)}/providers/{_NETWORK}/privateDnsZones"):
        if not _inside(deployment, str(zone["id"])):
            for link in deployment.pages(f"{zone['id']}/virtualNetworkLinks"):
                if str(at(link, "virtualNetwork.id")).lower() == network:
                    yield str(link["id"])


def _records(deployment: Deployment) -> Iterable[str]:
    """Records in the public zone that external-dns or a person made."""
    if deployment.environment.network.entry is None:
        return
    domain = deployment.environment.network.entry.domain
    zone = names.id(deployment.target, f"{_NETWORK}/dnsZones", domain)
    for record in deployment.pages(f"{zone}/ALL"):
        name = str(record["name"])
        if str(record["type"]).rpartition("/")[2] not in ("NS", "SOA") and name not in ("@", "*") and name[0] != "_":
            yield f"{name}.{domain}"


def _snapshots(deployment: Deployment) -> Iterable[str]:
    """Snapshots of disks of the cluster outside the group of its nodes."""
    nodes = f"{deployment.groups[0]}-nodes/".lower()
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.Compute/snapshots"
    for snapshot in deployment.pages(place):
        id = str(snapshot["id"]).lower()
        source = str(at(snapshot, "creationData.sourceResourceId", "")).lower()
        if source.startswith(nodes) and not id.startswith(nodes):
            yield str(snapshot["id"])


def _node_pools(deployment: Deployment) -> Iterable[str]:
    cluster = names.id(deployment.target, "Microsoft.ContainerService/managedClusters", deployment.prefix)
    for pool in deployment.pages(f"{cluster}/agentPools"):
        own = at(pool, "tags", {}).get("managed-by") == "terrace" or at(pool, "mode") == "System"
        if not own:
            yield named(pool["id"])


_DELETE = "`az resource delete --ids {}`"
_GROUPED = {
    "virtual machine": ("microsoft.compute/virtualmachines",),
    "disk": ("microsoft.compute/disks",),
    "snapshot": ("microsoft.compute/snapshots",),
    "load balancer": ("microsoft.network/loadbalancers", "microsoft.network/applicationgateways"),
    "public IP": ("microsoft.network/publicipaddresses",),
    "network interface": ("microsoft.network/networkinterfaces",),
    "private endpoint": ("microsoft.network/privateendpoints",),
    "network security group": ("microsoft.network/networksecuritygroups",),
    "route table": ("microsoft.network/routetables",),
}
"""Words for the types that clusters and people make most; the others are `resource`."""
_LISTED = {type for types in _GROUPED.values() for type in types}

KINDS: tuple[Kind[Deployment], ...] = (
    *(
        Kind(types[0].split("/")[0], word, _in_groups(*types), f"move it to another resource group, or {_DELETE}")
        for word, types in _GROUPED.items()
    ),
    Kind("Microsoft.Resources", "resource", _in_groups(), f"move it to another resource group, or {_DELETE}"),
    *(Kind(_NETWORK, f"{type} in a subnet", _in_subnets(type), _DELETE) for type in _IN_NETWORK),
    Kind(_NETWORK, "peering", _peerings, _DELETE, outlives=False),
    Kind(_NETWORK, "link of a private zone", _links, _DELETE),
    Kind(_NETWORK, "record", _records, "stop what creates it, then delete {}", outlives=False),
    Kind("Microsoft.Compute", "snapshot of a cluster's disk", _snapshots, f"copy it to keep it, then {_DELETE}"),
    Kind(
        "Microsoft.ContainerService",
        "node pool",
        _node_pools,
        "`az aks nodepool delete --name {} --cluster-name ... --resource-group ...`",
        outlives=False,
    ),
)
