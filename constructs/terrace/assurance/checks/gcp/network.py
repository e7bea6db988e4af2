"""The VPC network (NET-1 to NET-5, NET-8)."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, private_zone, recorded, unset
from terrace.assurance.evaluation import Observation, at_least, check, empty, equal, includes
from terrace.gcp import names
from terrace.gcp.ranges import GOOGLE_APIS
from terrace.gcp.signals import FILTERS

_APIS = ("googleapis-com", "pkg-dev", "gcr-io")
_ADDRESSES = {str(address) for address in IPv4Network(GOOGLE_APIS)}
_INTERVALS = {60: "INTERVAL_1_MIN", 600: "INTERVAL_10_MIN"}


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    vpc = stack.view.only("google_compute_network")
    yield equal(str(vpc), "auto_create_subnetworks", vpc.get("auto_create_subnetworks"), False)
    nodes = stack.one("google_compute_subnetwork", "network/nodes")
    yield equal(str(nodes), "network", path_of(stack, nodes.get("network")), "network/vpc")
    if stack.environment.cluster is None:
        return
    for pool in stack.all("google_container_node_pool"):
        yield includes(str(pool), "zones", pool.get("node_locations", []), stack.target.zones)
        private = pool.get("network_config.enable_private_nodes")
        yield equal(str(pool), "enable_private_nodes", private, True)
    cluster = stack.view.only("google_container_cluster")
    yield equal(str(cluster), "subnetwork", path_of(stack, cluster.get("subnetwork")), "network/nodes")


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    vpc = stack.view.only("google_compute_network")
    yield equal(str(vpc), "delete_default_routes_on_create", vpc.get("delete_default_routes_on_create"), True)
    nat = stack.view.only("google_compute_router_nat")
    yield equal(str(nat), "nat_ip_allocate_option", nat.get("nat_ip_allocate_option"), "MANUAL_ONLY")
    nat_addresses = [stack.view.target(one) for one in nat.get("nat_ips", [])]
    expected = len(stack.target.zones) if stack.environment.network.egress.nat == "per_zone" else 1
    yield at_least(str(nat), "nat_ips of the stack", len([one for one in nat_addresses if one]), expected)
    served = [path_of(stack, one.get("name")) for one in nat.blocks("subnetwork")]
    yield equal(str(nat), "subnets", served, ["network/nodes"])
    subnets = nat.get("source_subnetwork_ip_ranges_to_nat")
    yield equal(str(nat), "source_subnetwork_ip_ranges_to_nat", subnets, "LIST_OF_SUBNETWORKS")
    others = [str(one) for one in stack.all("google_compute_address") if one not in nat_addresses]
    yield empty("network", "other public addresses", others)


@check("NET-3")
def private_paths(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    for subnet in stack.all("google_compute_subnetwork"):
        if subnet.get("purpose", "PRIVATE") == "PRIVATE":
            private = subnet.get("private_ip_google_access")
            yield equal(str(subnet), "private_ip_google_access", private, True)
    for service in _APIS:
        yield private_zone(stack, f"network/path-{service}")
    for records in stack.all("google_dns_record_set", under="network"):
        values = [str(one) for one in records.get("rrdatas", ["none"])]
        name = str(records.get("name")).removeprefix("*.")
        inside = all(one in _ADDRESSES or one.removeprefix("restricted.") == name for one in values)
        yield Observation(str(records), f"rrdatas = {values}", inside, f"addresses in {GOOGLE_APIS}, or {name}")
    for policy in stack.all("google_dns_policy"):
        yield from unset(policy, "alternative_name_server_config")
    for zone in stack.all("google_dns_managed_zone"):
        yield from unset(zone, "forwarding_config", "peering_config")
    for service, kind in (("database", "google-cloud-sql"), ("cache", "gcp-memorystore")):
        if service in stack.environment.left_out:
            continue
        policy = stack.one("google_network_connectivity_service_connection_policy", f"network/path-{service}")
        yield equal(str(policy), "service_class", policy.get("service_class"), kind)
        subnets = [path_of(stack, one) for one in policy.get("psc_config.subnetworks", [])]
        yield equal(str(policy), "subnets", subnets, ["network/data"])


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    for direction, attribute in (("INGRESS", "source_ranges"), ("EGRESS", "destination_ranges")):
        rule = stack.one("google_compute_firewall", f"network/openings/refuse-{direction.lower()}")
        yield equal(str(rule), "direction", rule.get("direction"), direction)
        yield equal(str(rule), attribute, rule.get(attribute), ["0.0.0.0/0"])
        protocols = [one.get("protocol") for one in rule.blocks("deny")]
        yield equal(str(rule), "denied protocols", protocols, ["all"])
        yield equal(str(rule), "log_config is set", bool(rule.get("log_config")), True)
        yield from unset(rule, "disabled", "target_service_accounts", "target_tags", "source_tags")
    for rule in stack.all("google_compute_firewall"):
        description = str(rule.get("description") or "").strip()
        yield Observation(
            str(rule),
            f"description = {description or 'unset'}",
            len(description) >= 8,
            "a purpose of at least 8 characters",
        )
        if rule.blocks("allow"):
            has_target = bool(rule.get("target_service_accounts") or rule.get("target_tags"))
            yield equal(str(rule), "has a target", has_target, True)


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    interval = _INTERVALS[stack.environment.network.flow_log_interval_seconds]
    for subnet in stack.all("google_compute_subnetwork"):
        if subnet.get("purpose", "PRIVATE") == "PRIVATE":
            aggregation = subnet.get("log_config.aggregation_interval")
            ok = aggregation in (interval, "INTERVAL_1_MIN")
            yield Observation(str(subnet), f"aggregation_interval = {aggregation}", ok, interval)
            yield equal(str(subnet), "flow_sampling", subnet.get("log_config.flow_sampling"), 1)
            yield equal(str(subnet), "metadata", subnet.get("log_config.metadata"), "INCLUDE_ALL_METADATA")
            yield equal(str(subnet), "filter_expr", subnet.get("log_config.filter_expr", "true"), "true")
    log_bucket = stack.one("google_logging_project_bucket_config", "observability/flow-log")
    days = stack.environment.observability.retention_days
    yield at_least(str(log_bucket), "retention_days", log_bucket.get("retention_days"), days)
    sink = stack.one("google_logging_project_sink", "observability/flow-sink")
    ok = str(sink.get("destination")).endswith(names.log_group_id(stack.target, "flow"))
    yield Observation(str(sink), f"destination = {sink.get('destination')}", ok, str(log_bucket))
    yield from recorded(sink, FILTERS["flow"])


@check("NET-8")
def dns_queries_logged(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    queries = stack.one("google_dns_policy", "network/queries")
    yield equal(str(queries), "enable_logging", bool(queries.get("enable_logging")), True)
    networks = [path_of(stack, one.get("network_url")) for one in queries.blocks("networks")]
    yield equal(str(queries), "networks", networks, ["network/vpc"])
    for zone in stack.all(
        "google_dns_managed_zone",
        under="entry",
        or_none=bool(stack.target.existing.dns_zone) or stack.environment.network.entry is None,
    ):  # public names
        logged = bool(zone.get("cloud_logging_config.enable_logging"))
        yield equal(str(zone), "cloud_logging_config.enable_logging", logged, True)


@check("NET-4")
def declared_only(stack: Subject) -> Iterator[Observation]:
    stack.own("network")
    return access.observations(stack, "NET-4")
