"""Rules of existing resources: the form of each cloud's ids, and what cannot stand on an existing resource."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from terrace.capabilities.cloud import TITLES, CloudName
from terrace.capabilities.existing import SubnetKind
from terrace.capabilities.keys import RECOVERY_PURPOSES
from terrace.capabilities.network import Group
from terrace.environment import regions
from terrace.environment.schema import Environment
from terrace.errors import Problem

_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


_AZURE_NETWORK = rf"/subscriptions/{_GUID}/resourceGroups/[\w.()-]+/providers/Microsoft.Network/virtualNetworks/[\w.-]+"
_AZURE_NETWORK_EXAMPLE = "/subscriptions/GUID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK"


class _Form(NamedTuple):
    """The form of an id, whose groups `region` and `account` have to be those of the environment."""

    pattern: str
    example: str


KEYS: Mapping[CloudName, _Form] = {
    "aws": _Form(
        r"arn:aws(-cn|-us-gov)?:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[a-z0-9-]+",
        "arn:aws:kms:eu-central-1:111122223333:key/0c1d2e3f-0000-4000-8000-000000000001",
    ),
    "azure": _Form(
        rf"/subscriptions/{_GUID}/resourceGroups/[\w.()-]+/providers/Microsoft.KeyVault/vaults/[A-Za-z0-9-]+/keys/[A-Za-z0-9-]+",
        "/subscriptions/GUID/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/keys/KEY",
    ),
    "gcp": _Form(
        r"projects/[a-z0-9:.-]+/locations/(?P<region>[a-z0-9-]+)/keyRings/[\w-]+/cryptoKeys/[\w-]+",
        "projects/PROJECT/locations/europe-west3/keyRings/RING/cryptoKeys/KEY",
    ),
}
NETWORKS: Mapping[CloudName, tuple[_Form, _Form]] = {
    "aws": (_Form(r"vpc-[0-9a-f]{8,17}", "vpc-0c1d2e3f"), _Form(r"subnet-[0-9a-f]{8,17}", "subnet-0c1d2e3f")),
    "azure": (
        _Form(_AZURE_NETWORK, _AZURE_NETWORK_EXAMPLE),
        _Form(rf"{_AZURE_NETWORK}/subnets/[\w.-]+", f"{_AZURE_NETWORK_EXAMPLE}/subnets/SUBNET"),
    ),
    "gcp": (
        _Form(r"projects/[a-z0-9:.-]+/global/networks/[a-z0-9-]+", "projects/PROJECT/global/networks/NETWORK"),
        _Form(
            r"projects/[a-z0-9:.-]+/regions/(?P<region>[a-z0-9-]+)/subnetworks/[a-z0-9-]+",
            "projects/PROJECT/regions/europe-west3/subnetworks/SUBNET",
        ),
    ),
}
"""The forms of the ids of a network and of a subnet."""
GROUP = _Form(r"sg-[0-9a-f]{8,17}", "sg-0c1d2e3f")
SUBNETS: Mapping[CloudName, Mapping[SubnetKind, int]] = {
    "aws": {"entry": 2, "nodes": 1, "control": 2, "data": 2},
    "azure": {"entry": 1, "nodes": 1, "control": 1, "data": 1, "endpoints": 1},
    "gcp": {"nodes": 1, "control": 1, "data": 1},
}
"""The kinds of subnets that a cloud uses, and how many at least: on AWS a subnet is in one zone, and load balancers,
EKS, RDS and ElastiCache need two."""
GROUPS: tuple[Group, ...] = ("control", "nodes", "entry")
"""The security groups that AWS always uses, besides those of the database and the cache."""
CLUSTERS: Mapping[CloudName, _Form] = {
    "aws": _Form(
        r"arn:aws(-cn|-us-gov)?:eks:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):cluster/[A-Za-z0-9][\w-]*",
        "arn:aws:eks:eu-central-1:111122223333:cluster/data",
    ),
    "azure": _Form(
        rf"/subscriptions/(?P<account>{_GUID})/resourceGroups/[\w.()-]+/providers/Microsoft.ContainerService/managedClusters/[\w-]+",
        "/subscriptions/GUID/resourceGroups/GROUP/providers/Microsoft.ContainerService/managedClusters/CLUSTER",
    ),
    "gcp": _Form(
        r"projects/(?P<account>[a-z0-9:.-]+)/locations/(?P<region>[a-z]+-[a-z]+\d+)(-[a-z])?/clusters/[a-z0-9-]+",
        "projects/PROJECT/locations/europe-west3/clusters/CLUSTER",
    ),
}
ZONES: Mapping[CloudName, _Form] = {
    "aws": _Form(r"Z[A-Z0-9]{5,31}", "Z0123456789ABCDEFGHIJ"),
    "azure": _Form(
        rf"/subscriptions/(?P<account>{_GUID})/resourceGroups/[\w.()-]+/providers/Microsoft.Network/dnsZones/[a-z0-9.-]+",
        "/subscriptions/GUID/resourceGroups/GROUP/providers/Microsoft.Network/dnsZones/DOMAIN",
    ),
    "gcp": _Form(
        r"projects/(?P<account>[a-z0-9:.-]+)/managedZones/[a-z][a-z0-9-]*", "projects/PROJECT/managedZones/ZONE"
    ),
}
NODES: Mapping[CloudName, _Form] = {
    "azure": _Form(_GUID, "object id of the kubelets' identity"),
    "gcp": _Form(r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com", "address of the nodes' service account"),
}
"""What identifies the nodes, which need the right to pull images; on AWS their role has it for the whole account."""
UNUSED: Mapping[CloudName, Mapping[str, str]] = {
    "azure": {
        "cluster": "AKS would get the right to change the whole vault",
        "cache": "Managed Redis does not follow a rotation, so its version has to be the foundation's",
        "secrets": "Key Vault encrypts secrets with keys of its own",
        "events": "no service of Azure encrypts events with it",
    },
}
"""Purposes whose key cannot be an existing one, and why. Source: Azure, "Key management service in AKS", private key
vault; "Customer-managed keys for Azure Managed Redis"."""


def key_ids_are_of_cloud(environment: Environment) -> Iterator[Problem]:
    for purpose, id in environment.existing.keys.items():
        yield from _of_form(environment, KEYS[environment.cloud], id, f"existing.keys.{purpose}", "key")


def keys_can_be_existing(environment: Environment) -> Iterator[Problem]:
    """Each purpose has a key of its own (KEY-1), and copies of data in the recovery region need a second one there."""
    used: dict[str, str] = {}
    for purpose, id in environment.existing.keys.items():
        path = f"existing.keys.{purpose}"
        if reason := UNUSED.get(environment.cloud, {}).get(purpose):
            message = f"the key of {purpose} cannot be an existing one on {TITLES[environment.cloud]}: {reason}."
            yield Problem(message, path=path, hint="Remove it; the foundation makes this key.")
        if environment.recovery_region and purpose in RECOVERY_PURPOSES:
            message = f"{purpose} also needs a key in the recovery region, which existing keys do not have."
            yield Problem(message, path=path, hint="Remove it; the foundation makes both keys.")
        if id in used:
            message = f"it is the key of {used[id]} too; each purpose has a key of its own (KEY-1)."
            yield Problem(message, path=path, hint="Name another key.")
        used.setdefault(id, purpose)


def network_is_complete(environment: Environment) -> Iterator[Problem]:
    """Each party has its subnets and, on AWS, its security group, with ids of the cloud."""
    network, cloud, title = environment.existing.network, environment.cloud, TITLES[environment.cloud]
    if network is None:
        return
    path, (whole, part), needed = "existing.network", NETWORKS[cloud], SUBNETS[cloud]
    yield from _of_form(environment, whole, network.id, f"{path}.id", "network")
    for kind, ids in network.subnets.items():
        for position, id in enumerate(ids):
            yield from _of_form(environment, part, id, f"{path}.subnets.{kind}.{position}", "subnet")
        if kind not in needed:
            yield Problem(
                f"nothing is in a subnet {kind} on {title}.", path=f"{path}.subnets.{kind}", hint="Remove it."
            )
    for kind, least in needed.items():
        least = max(least, environment.network.zones) if cloud == "aws" else least
        if len(network.subnets.get(kind, ())) < least:
            hint = f"List {least} of the kind {kind}" + (", one in each zone." if cloud == "aws" else ".")
            yield Problem(f"too few subnets of the kind {kind} for {title}.", path=f"{path}.subnets", hint=hint)
    parties = [*GROUPS, *(one for one in ("database", "cache") if one not in environment.left_out)]
    for group, id in network.groups.items():
        if cloud != "aws" or group not in parties:
            yield Problem(f"nothing uses a group {group} on {title}.", path=f"{path}.groups.{group}", hint="Remove it.")
        else:
            yield from _of_form(environment, GROUP, id, f"{path}.groups.{group}", "security group")
    if cloud == "aws" and (missing := [one for one in parties if one not in network.groups]):
        message = f"no security group of {', '.join(missing)}."
        yield Problem(message, path=f"{path}.groups", hint="Name one for each party; the owner's rules are in it.")
    if (cloud == "azure") != bool(network.node_range):
        message = f"{title} {'needs' if cloud == 'azure' else 'does not use'} the range of the nodes' subnet."
        yield Problem(message, path=f"{path}.node_range", hint="Set it." if cloud == "azure" else "Remove it.")


def network_stands_alone(environment: Environment) -> Iterator[Problem]:
    """What would change an existing network, or need a second one."""
    if environment.existing.network is None:
        return
    if environment.network.hybrid:
        message = "a link changes the routes of the network, which is an existing one."
        yield Problem(message, path="network.hybrid", hint="Remove it; the network's owner links it.")
    if environment.recovery_region and environment.cloud != "aws":
        message = "the recovery region needs subnets or private paths that an existing network does not have."
        yield Problem(message, path="existing.network", hint="Remove it, or the recovery region.")


def cluster_can_be_used(environment: Environment) -> Iterator[Problem]:
    """Pods get rights of the environment's account, and reach the database and the cache from nodes of its network."""
    cluster, path, title = environment.existing.cluster, "existing.cluster", TITLES[environment.cloud]
    if cluster is None:
        return
    yield from _of_form(environment, CLUSTERS[environment.cloud], cluster.id, f"{path}.id", "cluster")
    if environment.cloud == "aws" and not cluster.certificate_authority:
        message = "no certificate authority, which EKS has for each cluster."
        yield Problem(message, path=path, hint="Set certificate_authority; `aws eks describe-cluster` shows it.")
    if (environment.cloud == "azure") != bool(cluster.issuer):
        message = f"{title} {'needs' if environment.cloud == 'azure' else 'does not use'} the issuer of pods' tokens."
        hint = "Set it; `az aks show` has it as oidcIssuerProfile." if environment.cloud == "azure" else "Remove it."
        yield Problem(message, path=f"{path}.issuer" if cluster.issuer else path, hint=hint)
    nodes = NODES.get(environment.cloud)
    if (nodes is None) != (cluster.nodes is None):
        message = f"{title} {'needs' if nodes else 'does not use'} the identity of the nodes."
        hint = f"Set it: the {nodes.example}." if nodes else "Remove it; the role of the nodes may pull images."
        yield Problem(message, path=f"{path}.nodes" if cluster.nodes else path, hint=hint)
    elif nodes and cluster.nodes and not re.fullmatch(nodes.pattern, cluster.nodes):
        message = f"{cluster.nodes!r} is not an identity on {title}."
        yield Problem(message, path=f"{path}.nodes", hint=f"It is the {nodes.example}.")
    if environment.existing.network is None:
        message = "an existing cluster is in a network that exists too."
        yield Problem(message, path=path, hint="Name it as existing.network.")
    if environment.cost.sleep:
        message = "the schedule would stop nodes of an existing cluster."
        yield Problem(message, path="cost.sleep", hint="Remove it; the cluster's owner stops its nodes.")
    if getattr(getattr(environment, environment.cloud), "node_types", None):
        message = "nothing uses node types: the cluster with its nodes is an existing one."
        yield Problem(message, path=f"{environment.cloud}.node_types", hint="Remove them.")


def dns_zone_is_of_domain(environment: Environment) -> Iterator[Problem]:
    """The apex and the first level of the domain are the zone's, and certificates prove the domain by it."""
    zone, path, domain = environment.existing.dns_zone, "existing.dns_zone", environment.network.entry.domain
    if zone is None:
        return
    yield from _of_form(environment, ZONES[environment.cloud], zone, path, "public zone")
    if environment.cloud == "azure" and zone.rpartition("/")[2] != domain:
        message = f"it is the zone of {zone.rpartition('/')[2]}, and the domain is {domain}."
        yield Problem(message, path=path, hint="Name the zone of network.entry.domain.")


def _of_form(environment: Environment, form: _Form, id: str, path: str, what: str) -> Iterator[Problem]:
    title = TITLES[environment.cloud]
    match = re.fullmatch(form.pattern, id)
    if match is None:
        yield Problem(f"{id!r} is not the id of a {what} on {title}.", path=path, hint=f"It is like {form.example}.")
        return
    region = regions.region_name(environment.cloud, environment.region)
    if region and match.groupdict().get("region") not in (None, region):
        message = f"the {what} is in {match['region']}, and the environment in {region}."
        yield Problem(message, path=path, hint=f"Name a {what} in {region}.")
    settings = getattr(environment, environment.cloud)
    if settings and match.groupdict().get("account") not in (None, settings.account):
        message = f"the {what} is of {match['account']}, and the environment of {settings.account}."
        yield Problem(message, path=path, hint=f"Name a {what} of the same account.")
