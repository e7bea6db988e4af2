"""The VPC network (NET-1 to NET-5)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import path_of, private_zone
from terrace.assurance.evaluation import Observation, at_least, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.gcp import names

_PUBLIC = ("0.0.0.0/0", "::/0")
_APIS = ("googleapis-com", "pkg-dev", "gcr-io")
_INTERVALS = {60: "INTERVAL_1_MIN", 600: "INTERVAL_10_MIN"}


@check("NET-1")
def private_subnets(stack: Subject) -> Iterator[Observation]:
    vpc = stack.view.only("google_compute_network")
    yield equal(str(vpc), "auto_create_subnetworks", vpc.get("auto_create_subnetworks"), False)
    for pool in stack.all("google_container_node_pool"):
        yield includes(str(pool), "zones", pool.get("node_locations", []), stack.target.zones)
        private = pool.get("network_config.enable_private_nodes")
        yield equal(str(pool), "enable_private_nodes", private, True)
    cluster = stack.view.only("google_container_cluster")
    yield equal(str(cluster), "subnetwork", path_of(stack, cluster.get("subnetwork")), "network/nodes")


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    vpc = stack.view.only("google_compute_network")
    yield equal(str(vpc), "delete_default_routes_on_create", vpc.get("delete_default_routes_on_create"), True)
    nat = stack.view.only("google_compute_router_nat")
    yield equal(str(nat), "nat_ip_allocate_option", nat.get("nat_ip_allocate_option"), "MANUAL_ONLY")
    nat_addresses = [stack.view.target(one) for one in nat.get("nat_ips", [])]
    expected = len(stack.target.zones) if stack.environment.network.egress.nat == "per_zone" else 1
    yield at_least(str(nat), "nat_ips of the stack", len([one for one in nat_addresses if one]), expected)
    served = [path_of(stack, one.get("name")) for one in nat.blocks("subnetwork")]
    yield equal(str(nat), "subnets", served, ["network/nodes"])
    others = [str(one) for one in stack.all("google_compute_address") if one not in nat_addresses]
    yield empty("network", "other public addresses", others)


@check("NET-3")
def private_paths(stack: Subject) -> Iterator[Observation]:
    for subnet in stack.all("google_compute_subnetwork"):
        if subnet.get("purpose", "PRIVATE") == "PRIVATE":
            private = subnet.get("private_ip_google_access")
            yield equal(str(subnet), "private_ip_google_access", private, True)
    for service in _APIS:
        yield private_zone(stack, f"network/path-{service}")
        records = stack.one("google_dns_record_set", f"network/path-{service}-address")
        inside = all(str(one).startswith("199.36.153.") for one in records.get("rrdatas", ["none"]))
        yield Observation(str(records), f"rrdatas = {records.get('rrdatas')}", inside, "addresses in 199.36.153.0/24")
    for service, kind in (("database", "google-cloud-sql"), ("cache", "gcp-memorystore")):
        policy = stack.one("google_network_connectivity_service_connection_policy", f"network/path-{service}")
        yield equal(str(policy), "service_class", policy.get("service_class"), kind)
        subnets = [path_of(stack, one) for one in policy.get("psc_config.subnetworks", [])]
        yield equal(str(policy), "subnets", subnets, ["network/data"])


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    for direction, attribute in (("INGRESS", "source_ranges"), ("EGRESS", "destination_ranges")):
        denials = [
            rule
            for rule in stack.all("google_compute_firewall")
            if rule.get("direction") == direction
            and rule.get(attribute) == ["0.0.0.0/0"]
            and [one.get("protocol") for one in rule.blocks("deny")] == ["all"]
            and not rule.get("disabled")
            and rule.get("target_service_accounts") is None
        ]
        yield at_least("network", f"rules that deny all {direction.lower()} traffic", len(denials), 1)
    egress_ports = {str(one.cidr): str(one.port) for one in stack.environment.network.egress.destinations.values()}
    for rule in stack.all("google_compute_firewall"):
        description = str(rule.get("description") or "").strip()
        yield Observation(
            str(rule),
            f"description = {description or 'unset'}",
            len(description) >= 8,
            "a purpose of at least 8 characters",
        )
        if rule.blocks("allow"):
            yield _declared(rule, egress_ports)


def _declared(rule: Resource, egress_ports: dict[str, str]) -> Observation:
    inbound = rule.get("direction") == "INGRESS"
    ranges = rule.get("source_ranges" if inbound else "destination_ranges") or []
    ports = [str(port) for one in rule.blocks("allow") for port in one.get("ports") or ["all"]]
    public = [cidr for cidr in ranges if cidr in _PUBLIC]
    ok = not public if inbound else all(ports == [egress_ports.get(cidr)] for cidr in public)
    has_target = rule.get("target_service_accounts") is not None or rule.get("target_tags") is not None
    fact = f"{'from' if inbound else 'to'} {', '.join(ranges)} ports {', '.join(ports)}"
    return Observation(str(rule), fact, ok and has_target, "a flow that the environment declares, with a target")


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    interval = _INTERVALS[stack.environment.network.flow_log_interval_seconds]
    for subnet in stack.all("google_compute_subnetwork"):
        if subnet.get("purpose", "PRIVATE") == "PRIVATE":
            aggregation = subnet.get("log_config.aggregation_interval")
            ok = aggregation in (interval, "INTERVAL_1_MIN")
            yield Observation(str(subnet), f"aggregation_interval = {aggregation}", ok, interval)
            yield equal(str(subnet), "flow_sampling", subnet.get("log_config.flow_sampling"), 1)
    log_bucket = stack.one("google_logging_project_bucket_config", "observability/flow-log")
    days = stack.environment.observability.retention_days
    yield at_least(str(log_bucket), "retention_days", log_bucket.get("retention_days"), days)
    sink = stack.one("google_logging_project_sink", "observability/flow-sink")
    ok = str(sink.get("destination")).endswith(names.log_group_id(stack.target, "flow"))
    yield Observation(str(sink), f"destination = {sink.get('destination')}", ok, str(log_bucket))
    yield equal(str(sink), "filter includes vpc_flows", "vpc_flows" in str(sink.get("filter")), True)
