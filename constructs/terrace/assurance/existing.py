"""What the checks of a stack know about existing resources: which one an id is, and nothing of how it is set."""

from collections.abc import Iterator, Mapping

from terrace.capabilities.cloud import CloudName
from terrace.capabilities.existing import ExistingSpec, SubnetKind

_TYPES: Mapping[CloudName, Mapping[str, str]] = {
    "aws": {
        "keys": "aws_kms_key",
        "network": "aws_vpc",
        "subnets": "aws_subnet",
        "groups": "aws_security_group",
        "cluster": "aws_eks_cluster",
        "dns_zone": "aws_route53_zone",
    },
    "azure": {
        "keys": "azurerm_key_vault_key",
        "network": "azurerm_virtual_network",
        "subnets": "azurerm_subnet",
        "cluster": "azurerm_kubernetes_cluster",
        "dns_zone": "azurerm_dns_zone",
    },
    "gcp": {
        "keys": "google_kms_crypto_key",
        "network": "google_compute_network",
        "subnets": "google_compute_subnetwork",
        "cluster": "google_container_cluster",
        "dns_zone": "google_dns_managed_zone",
    },
}


def places(cloud: CloudName, existing: ExistingSpec) -> Iterator[tuple[str, str, str]]:
    """The id, the type and the construct path of each existing resource, as if the foundation had made it."""
    types = _TYPES[cloud]
    for purpose, id in existing.keys.items():
        yield id, types["keys"], f"keys/{purpose}"
    if cluster := existing.cluster:
        place = "cluster/cluster" if cloud == "gcp" else "cluster/control-plane"
        yield cluster.id, types["cluster"], place
        if cluster.issuer:
            yield cluster.issuer, types["cluster"], place
    if existing.dns_zone:
        yield existing.dns_zone, types["dns_zone"], "entry/zone"
    network = existing.network
    if network is None:
        return
    yield network.id, types["network"], "network/network" if cloud == "azure" else "network/vpc"
    for kind, ids in network.subnets.items():
        for number, id in enumerate(ids):
            yield id, types["subnets"], f"network/{_subnet(cloud, kind, number)}"
    for group, id in network.groups.items():
        yield id, types["groups"], f"network/openings/{group}-group"


def _subnet(cloud: CloudName, kind: SubnetKind, number: int) -> str:
    """The construct of a subnet of this kind."""
    if cloud == "aws":
        return f"{'public' if kind == 'entry' else kind}-{number}"
    return "database" if cloud == "azure" and kind == "data" else kind
