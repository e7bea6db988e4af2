"""The application gateway and its firewall (NET-6)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import logged, meant
from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import at

_TLS = ("AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")
"""Policies without TLS 1.0 and 1.1. Source: Application Gateway, "TLS policy overview"."""


@check("NET-6")
def tls_and_redirect(stack: Subject) -> Iterator[Observation]:
    gateway = stack.view.only("azurerm_application_gateway")
    policy = gateway.get("ssl_policy.policy_name")
    yield Observation(str(gateway), f"ssl_policy = {policy}", policy in _TLS, "TLS 1.2 or newer")
    listeners = {str(one.get("name")): one for one in gateway.blocks("http_listener")}
    secure = [one for one in listeners.values() if one.get("protocol") == "Https"]
    yield at_least(str(gateway), "HTTPS listeners", len(secure), 1)
    for listener in secure:
        yield equal(str(gateway), "has a certificate", listener.get("ssl_certificate_name") is not None, True)
    onward = {
        str(one.get("name")): str(at(listeners.get(str(one.get("target_listener_name")), {}), "protocol", "elsewhere"))
        for one in gateway.blocks("redirect_configuration")
    }
    for rule in gateway.blocks("request_routing_rule"):
        if at(listeners.get(str(rule.get("http_listener_name")), {}), "protocol") == "Http":
            way = onward.get(str(rule.get("redirect_configuration_name")), "served")
            yield equal(str(gateway), "plain HTTP is sent on to", way, "Https")


@check("NET-6")
def firewall(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.entry
    gateway = stack.view.only("azurerm_application_gateway")
    yield equal(str(gateway), "tier", gateway.get("sku.tier"), "WAF_v2")
    policy = meant(stack, "azurerm_web_application_firewall_policy", gateway.get("firewall_policy_id"))
    yield Observation(str(gateway), f"firewall {policy or 'none'}", policy is not None, "one of ours")
    if policy is None:
        return
    mode = "Prevention" if spec.firewall == "block" else "Detection"
    yield equal(str(policy), "mode", policy.get("policy_settings.mode"), mode)
    yield equal(str(policy), "enabled", policy.get("policy_settings.enabled"), True)
    rules = [str(one.get("type")) for one in policy.blocks("managed_rules.managed_rule_set")]
    yield includes(str(policy), "managed rules", rules, ["Microsoft_DefaultRuleSet"])
    limits = [one for one in policy.blocks("custom_rules") if one.get("rule_type") == "RateLimitRule"]
    yield at_least(str(policy), "rate limits", len(limits), 1)
    for limit in limits:
        most = spec.requests_per_five_minutes
        yield at_most(str(policy), "limit of requests", limit.get("rate_limit_threshold"), most)
        yield equal(
            str(policy),
            "action on too many",
            limit.get("action"),
            "Block" if spec.firewall == "block" else limit.get("action"),
        )
    yield logged(stack, gateway, ["ApplicationGatewayFirewallLog"])
