"""The application gateway and its firewall (NET-6)."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import logged, referenced, unset
from terrace.assurance.evaluation import Observation, check, equal
from terrace.assurance.view import Resource, at, blocks
from terrace.azure.ranges import layout
from terrace.calls import Absent
from terrace.capabilities.spec import present
from terrace.capabilities.workloads import ENTRY_PORTS

_TLS = ("AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")
"""Policies that exclude TLS 1.0 and 1.1. Source: Application Gateway, "TLS policy overview"."""
_MANAGED = {"Microsoft_DefaultRuleSet": "2.1", "Microsoft_BotManagerRuleSet": "1.1"}
_EVERY_CLIENT = ["0.0.0.0/0"]
_BLOCKS = """
    authentication_certificate custom_error_configuration private_link_configuration rewrite_rule_set ssl_profile
    trusted_client_certificate trusted_root_certificate url_path_map waf_configuration
"""
"""Blocks of a gateway that change what its listeners, rules and backends do."""


def _gateway(stack: Subject) -> Resource:
    return stack.view.only("azurerm_application_gateway")


@check("NET-6")
def tls_and_redirect(stack: Subject) -> Iterator[Observation]:
    gateway, where = _gateway(stack), str(_gateway(stack))
    policy = gateway.get("ssl_policy.policy_name")
    yield Observation(where, f"ssl_policy = {policy}", policy in _TLS, "TLS 1.2 or newer")
    yield equal(where, "ssl_policy's type", gateway.get("ssl_policy.policy_type"), "Predefined")
    yield from unset(gateway, "ssl_policy.min_protocol_version", "ssl_policy.disabled_protocols", *_BLOCKS.split())
    ports = {str(one.get("name")): one.get("port") for one in gateway.blocks("frontend_port")}
    listeners = {
        str(one.get("name")): (one.get("protocol"), ports.get(str(one.get("frontend_port_name"))))
        for one in gateway.blocks("http_listener")
    }
    yield equal(where, "listeners", sorted(listeners.values(), key=str), [("Http", 80), ("Https", 443)])
    for listener in gateway.blocks("http_listener"):
        name = f"{listener.get('name')}: "
        if listener.get("protocol") == "Https":
            yield equal(where, f"{name}certificate", listener.get("ssl_certificate_name"), "entry")
        for attribute in ("ssl_profile_name", "firewall_policy_id", "custom_error_configuration", "host_names"):
            yield equal(where, f"{name}{attribute} is set", bool(listener.get(attribute)), False)
    redirects = {str(one.get("name")): one for one in gateway.blocks("redirect_configuration")}
    for rule in gateway.blocks("request_routing_rule"):
        protocol = listeners.get(str(rule.get("http_listener_name")), (None, None))[0]
        to = redirects.get(str(rule.get("redirect_configuration_name")), {})
        target = listeners.get(str(to.get("target_listener_name")), (to.get("target_url") or "no redirect", None))[0]
        expected = "Https" if protocol == "Http" else "no redirect"
        yield equal(where, f"{protocol} redirects to", target, expected)
        served = bool(rule.get("backend_address_pool_name"))
        yield equal(where, f"{protocol} is served by a backend", served, protocol == "Https")


@check("NET-6")
def backends(stack: Subject) -> Iterator[Observation]:
    gateway, where = _gateway(stack), str(_gateway(stack))
    network = stack.target.existing.network
    nodes = network.node_range if network else layout(stack.environment.network.cidr)["nodes"]
    ingress = str(IPv4Network(str(nodes))[-2])
    pools = [
        (pool.get("ip_addresses") or [], pool.get("fqdns") or []) for pool in gateway.blocks("backend_address_pool")
    ]
    yield equal(where, "backends", pools, [([ingress], [])])
    for settings in gateway.blocks("backend_http_settings"):
        yield equal(where, "backend protocol", settings.get("protocol"), "Https")
        yield equal(where, "backend port", settings.get("port"), ENTRY_PORTS["https"])
        for name in ("trusted_root_certificate_names", "host_name", "path"):
            yield equal(where, f"backend {name} is set", bool(settings.get(name)), False)
    for record in stack.all("azurerm_dns_a_record"):
        address = referenced(stack, "azurerm_public_ip", record.get("target_resource_id"))
        yield equal(str(record), "address", str(address or record.get("records")), "entry/address")


@check("NET-6")
def firewall(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.network.entry)
    gateway = _gateway(stack)
    yield equal(str(gateway), "tier", gateway.get("sku.tier"), "WAF_v2")
    policy = referenced(stack, "azurerm_web_application_firewall_policy", gateway.get("firewall_policy_id"))
    yield Observation(
        str(gateway), f"firewall_policy_id = {policy or 'unset'}", policy is not None, "a policy of the stack"
    )
    if policy is None:
        return
    where = str(policy)
    mode = "Prevention" if spec.firewall == "block" else "Detection"
    yield equal(where, "mode", policy.get("policy_settings.mode"), mode)
    for name in ("enabled", "request_body_check", "request_body_enforcement", "file_upload_enforcement"):
        yield equal(where, name, policy.get(f"policy_settings.{name}"), True)
    yield from unset(policy, "managed_rules.exclusion", "policy_settings.log_scrubbing")
    sets = policy.blocks("managed_rules.managed_rule_set")
    yield equal(where, "managed rule sets", {one.get("type"): one.get("version") for one in sets}, _MANAGED)
    changed = [str(one.get("type")) for one in sets if one.get("rule_group_override")]
    yield equal(where, "managed rule sets with overrides", changed, [])
    yield from _rate_limit(stack, policy)
    yield logged(stack, gateway, ["ApplicationGatewayFirewallLog"])


def _rate_limit(stack: Subject, policy: Resource) -> Iterator[Observation]:
    """The only custom rule: it limits every client, and no rule lets a request pass before the managed ones."""
    spec, where = present(stack.environment.network.entry), str(policy)
    rules = policy.blocks("custom_rules")
    yield equal(where, "custom rules", [one.get("rule_type") for one in rules], ["RateLimitRule"])
    if not rules:
        raise Absent(f"no rate limit in {policy}")
    for rule in (one for one in rules if one.get("rule_type") == "RateLimitRule"):
        limit = rule.get("rate_limit_threshold")
        expected = spec.requests_per_five_minutes
        yield equal(where, "rate limit in requests per five minutes", limit, expected)
        yield equal(where, "rate_limit_duration", rule.get("rate_limit_duration"), "FiveMins")
        yield equal(where, "rate limit by", rule.get("group_rate_limit_by"), "ClientAddr")
        yield equal(where, "rate limit is enabled", rule.get("enabled", True), True)
        conditions = blocks(rule, "match_conditions")
        clients = [(at(one, "operator"), at(one, "match_values")) for one in conditions]
        yield equal(where, "clients of the rate limit", clients, [("IPMatch", _EVERY_CLIENT)])
        inverted = [bool(one.get("negation_condition")) for one in conditions]
        yield equal(where, "clients of the rate limit are inverted", any(inverted), False)
        action = "Block" if spec.firewall == "block" else rule.get("action")
        yield equal(where, "rate limit action", rule.get("action"), action)
