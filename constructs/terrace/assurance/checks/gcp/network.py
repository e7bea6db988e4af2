"""The VPC network (NET-1 to NET-5)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import named, private_zone
from terrace.assurance.evaluation import Observation, at_least, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.gcp import names

_EVERYWHERE = ("0.0.0.0/0", "::/0")
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
    yield equal(str(cluster), "subnetwork", named(stack, cluster.get("subnetwork")), "network/nodes")


@check("NET-2")
def egress_by_nat(stack: Subject) -> Iterator[Observation]:
    vpc = stack.view.only("google_compute_network")
    yield equal(str(vpc), "without its default way out", vpc.get("delete_default_routes_on_create"), True)
    nat = stack.view.only("google_compute_router_nat")
    yield equal(str(nat), "nat_ip_allocate_option", nat.get("nat_ip_allocate_option"), "MANUAL_ONLY")
    addresses = [stack.view.target(one) for one in nat.get("nat_ips", [])]
    wanted = len(stack.target.zones) if stack.environment.network.egress.nat == "per_zone" else 1
    yield at_least(str(nat), "fixed addresses", len([one for one in addresses if one]), wanted)
    served = [named(stack, one.get("name")) for one in nat.blocks("subnetwork")]
    yield equal(str(nat), "subnets", served, ["network/nodes"])
    others = [str(one) for one in stack.all("google_compute_address") if one not in addresses]
    yield empty("network", "addresses of others", others)


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
        yield Observation(str(records), f"leads to {records.get('rrdatas')}", inside, "Google's private ranges")
    for service, kind in (("database", "google-cloud-sql"), ("cache", "gcp-memorystore")):
        policy = stack.one("google_network_connectivity_service_connection_policy", f"network/path-{service}")
        yield equal(str(policy), "service_class", policy.get("service_class"), kind)
        subnets = [named(stack, one) for one in policy.get("psc_config.subnetworks", [])]
        yield equal(str(policy), "subnets", subnets, ["network/data"])


@check("NET-4")
def default_deny(stack: Subject) -> Iterator[Observation]:
    for direction, place in (("INGRESS", "source_ranges"), ("EGRESS", "destination_ranges")):
        refusals = [
            rule
            for rule in stack.all("google_compute_firewall")
            if rule.get("direction") == direction
            and rule.get(place) == ["0.0.0.0/0"]
            and [one.get("protocol") for one in rule.blocks("deny")] == ["all"]
            and not rule.get("disabled")
            and rule.get("target_service_accounts") is None
        ]
        yield at_least("network", f"refusals of all {direction.lower()}", len(refusals), 1)
    away = {str(one.cidr): str(one.port) for one in stack.environment.network.egress.destinations.values()}
    for rule in stack.all("google_compute_firewall"):
        told = str(rule.get("description") or "").strip()
        yield Observation(str(rule), f"purpose: {told or 'none'}", len(told) >= 8, "a purpose")
        if rule.blocks("allow"):
            yield _narrow(rule, away)


def _narrow(rule: Resource, away: dict[str, str]) -> Observation:
    inward = rule.get("direction") == "INGRESS"
    places = rule.get("source_ranges" if inward else "destination_ranges") or []
    ports = [str(port) for one in rule.blocks("allow") for port in one.get("ports") or ["all"]]
    wide = [place for place in places if place in _EVERYWHERE]
    good = not wide if inward else all(ports == [away.get(place)] for place in wide)
    owned = rule.get("target_service_accounts") is not None or rule.get("target_tags") is not None
    fact = f"{'from' if inward else 'to'} {', '.join(places)} ports {', '.join(ports)}"
    return Observation(str(rule), fact, good and owned, "what the environment names, for one party")


@check("NET-5")
def flow_logs(stack: Subject) -> Iterator[Observation]:
    interval = _INTERVALS[stack.environment.network.flow_log_interval_seconds]
    for subnet in stack.all("google_compute_subnetwork"):
        if subnet.get("purpose", "PRIVATE") == "PRIVATE":
            found = subnet.get("log_config.aggregation_interval")
            good = found in (interval, "INTERVAL_1_MIN")
            yield Observation(str(subnet), f"aggregation_interval = {found}", good, interval)
            yield equal(str(subnet), "flow_sampling", subnet.get("log_config.flow_sampling"), 1)
    kept = stack.one("google_logging_project_bucket_config", "observability/flow-log")
    days = stack.environment.observability.retention_days
    yield at_least(str(kept), "retention_days", kept.get("retention_days"), days)
    sink = stack.one("google_logging_project_sink", "observability/flow-sink")
    good = str(sink.get("destination")).endswith(names.log_group_id(stack.target, "flow"))
    yield Observation(str(sink), f"destination = {sink.get('destination')}", good, str(kept))
    yield equal(str(sink), "takes flow logs", "vpc_flows" in str(sink.get("filter")), True)
