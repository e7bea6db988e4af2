"""Live resources that open paths on Google Cloud: firewalls, routes, load balancers, peerings and public addresses."""

import re
from typing import Any

from terrace.gcp import names
from terrace.live.document import Document
from terrace.live.gcp import cluster, network
from terrace.live.gcp.checks import Deployment, named

_COMPUTE = re.compile(r"^https://(?:www|compute)\.googleapis\.com/compute/(?:v1|beta)/")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINED = (
    # type, method, whether its name is of a region
    ("google_compute_vpn_tunnel", "vpnTunnels", True),
    ("google_compute_vpn_gateway", "targetVpnGateways", True),
    ("google_compute_interconnect_attachment", "interconnectAttachments", True),
    ("google_compute_service_attachment", "serviceAttachments", True),
    ("google_compute_packet_mirroring", "packetMirrorings", True),
)


def read(deployment: Deployment, document: Document) -> None:
    """Add the environment's network and what has addresses in it."""
    for step in (_networks, _firewalls, _policies, _routes, _routers, _joined, _entries):
        with document.listing("compute", deployment.target.region):
            step(deployment, document)
    with document.listing("container", deployment.target.region):
        _cluster(deployment, document)
    with document.listing("sqladmin", ""):
        _databases(deployment, document)
    with document.listing("memorystore", deployment.target.region):
        _cache(deployment, document)


def plain(value: Any) -> Any:
    """A body with Terraform's names of fields, and resource names instead of links."""
    if isinstance(value, dict):
        return {_WORD.sub("_", key).lower(): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return _COMPUTE.sub("", value) if isinstance(value, str) else value


def _project(deployment: Deployment) -> str:
    return names.account(deployment.target)


def _regions(deployment: Deployment) -> list[str]:
    return [region for region in (deployment.target.region, deployment.target.recovery_region) if region]


def _in_network(deployment: Deployment, body: dict[str, Any]) -> bool:
    return named(body.get("network")) == deployment.prefix


def _networks(deployment: Deployment, document: Document) -> None:
    found = network.vpc(deployment)
    id = f"{deployment.project}/global/networks/{found['name']}"
    # a route to the internet that Google makes is listed as a route
    attributes = {"name": found["name"], "delete_default_routes_on_create": True}
    document.add("google_compute_network", found["name"], attributes, path="network/vpc", ids={id: "id"})
    for peering in found.get("peerings", []):
        attributes = {"peer_network": peering.get("network")}
        document.add("google_compute_network_peering", peering["name"], attributes)
    for subnet in network.subnets(deployment):
        document.add("google_compute_subnetwork", subnet["name"], plain(subnet) | {"secondary_ip_range": _more(subnet)})


def _more(subnet: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"ip_cidr_range": one["ipCidrRange"]} for one in subnet.get("secondaryIpRanges", [])]


def _firewalls(deployment: Deployment, document: Document) -> None:
    for rule in network.firewalls(deployment):
        attributes = plain(rule)
        for word, key in (("allow", "allowed"), ("deny", "denied")):
            written = rule.get(key, [])
            attributes[word] = [{"protocol": one["IPProtocol"], "ports": one.get("ports", [])} for one in written]
        document.add("google_compute_firewall", rule["name"], attributes)


def _policies(deployment: Deployment, document: Document) -> None:
    """Add the firewall policies that are in force in the network, also those of folders and the organisation."""
    where = {"project": _project(deployment), "network": deployment.prefix}
    found = deployment.call("compute", "networks.getEffectiveFirewalls", **where)
    for policy in found.get("firewallPolicys", []):
        name = str(policy.get("displayName") or policy.get("name") or policy.get("shortName"))
        for rule in policy.get("rules", []):
            id = f"{name}_{rule.get('priority')}"
            document.add("google_compute_network_firewall_policy_rule", id, plain(rule))


def _routes(deployment: Deployment, document: Document) -> None:
    """Add the routes, except those of subnets and peerings, which Google makes with these."""
    for route in deployment.pages("compute", "routes.list", "items", project=_project(deployment)):
        if _in_network(deployment, route) and not route.get("nextHopNetwork") and not route.get("nextHopPeering"):
            document.add("google_compute_route", route["name"], plain(route))


def _routers(deployment: Deployment, document: Document) -> None:
    for region in _regions(deployment):
        for router in deployment.pages("compute", "routers.list", "items", project=_project(deployment), region=region):
            if not _in_network(deployment, router):
                continue
            document.add("google_compute_router", router["name"], plain(router))
            for peer in router.get("bgpPeers", []):
                document.add("google_compute_router_peer", peer["name"], plain(peer))


def _joined(deployment: Deployment, document: Document) -> None:
    """Add what joins the network to another one; a tunnel only says that there is a hybrid link."""
    for region in _regions(deployment):
        for type, method, _ in _JOINED:
            where = {"project": _project(deployment), "region": region}
            for one in deployment.pages("compute", f"{method}.list", "items", **where):
                gateway = named(one.get("vpnGateway")) if type == "google_compute_vpn_tunnel" else ""
                if one["name"].startswith(deployment.prefix) or _in_network(deployment, one):
                    document.add(type, one["name"], {"name": one["name"], "vpn_gateway": gateway})


def _entries(deployment: Deployment, document: Document) -> None:
    where = {"project": _project(deployment)}
    for type, method in (
        ("google_compute_target_http_proxy", "targetHttpProxies"),
        ("google_compute_target_https_proxy", "targetHttpsProxies"),
    ):
        for proxy in deployment.pages("compute", f"{method}.list", "items", **where):
            id = f"{deployment.project}/global/{method}/{proxy['name']}"
            if proxy["name"].startswith(f"{deployment.prefix}-"):
                document.add(type, proxy["name"], {"name": proxy["name"]}, ids={id: "id"})
    for rule in deployment.pages("compute", "globalForwardingRules.list", "items", **where):
        if rule["name"].startswith(deployment.prefix) or _in_network(deployment, rule):
            document.add("google_compute_global_forwarding_rule", rule["name"], _entry(rule))
    for region in _regions(deployment):
        for rule in deployment.pages("compute", "forwardingRules.list", "items", **where, region=region):
            service = rule.get("target") or ""
            # an endpoint of Private Service Connect leads outward, to a service that made it for the network
            if _in_network(deployment, rule) and "/serviceAttachments/" not in service:
                document.add("google_compute_forwarding_rule", rule["name"], _entry(rule))


def _entry(rule: dict[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = plain(rule)
    return attributes


def _cluster(deployment: Deployment, document: Document) -> None:
    if deployment.environment.cluster is None:
        return
    found = cluster.cluster(deployment)
    attributes = plain(found)
    endpoints = found.get("controlPlaneEndpointsConfig", {}).get("ipEndpointsConfig", {})
    listed = found.get("masterAuthorizedNetworksConfig") or endpoints.get("authorizedNetworksConfig")
    attributes["master_authorized_networks_config"] = plain(listed or {})
    own = re.compile(rf"gke-{re.escape(deployment.prefix)}-[0-9a-f]{{8}}-node")
    tags = {tag for rule in network.firewalls(deployment) for tag in rule.get("targetTags", []) if own.fullmatch(tag)}
    document.add("google_container_cluster", found["name"], attributes)
    for pool in found.get("nodePools", []):
        # GKE gives its nodes a tag, which its own firewall rules name
        given = [*pool.get("config", {}).get("tags", []), *sorted(tags)]
        document.add("google_container_node_pool", pool["name"], {"node_config": {"tags": given}})


def _databases(deployment: Deployment, document: Document) -> None:
    for server in deployment.pages("sqladmin", "instances.list", "items", project=_project(deployment)):
        name = server["name"]
        if name != deployment.prefix and not name.startswith(f"{deployment.prefix}-"):
            continue
        attributes = plain(server)
        config = attributes.get("settings", {}).get("ip_configuration", {})
        for connection in (config.get("psc_config") or {}).get("psc_auto_connections") or []:
            connection["consumer_service_project_id"] = connection.pop("consumer_project", None)
        document.add("google_sql_database_instance", name, attributes)
        if not server.get("masterInstanceName"):
            users = deployment.pages("sqladmin", "users.list", "items", project=_project(deployment), instance=name)
            for user in users:
                document.add("google_sql_user", user["name"], plain(user))


def _cache(deployment: Deployment, document: Document) -> None:
    found = deployment.reader.rest("memorystore", f"v1/{names.cache_id(deployment.target)}")
    joined = [
        connection.get("pscAutoConnection") or connection.get("pscConnection") or {}
        for endpoint in found.get("endpoints", [])
        for connection in endpoint.get("connections", [])
    ]
    endpoints = [{"network": plain(one.get("network")), "project_id": one.get("projectId")} for one in joined]
    document.add("google_memorystore_instance", named(found["name"]), {"desired_auto_created_endpoints": endpoints})
