"""The public entry: its gateway and the web application firewall."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, body, drop, every, put

GATEWAY = ("azurerm_application_gateway", "entry/load-balancer")
POLICY = ("azurerm_web_application_firewall_policy", "entry/firewall")
ELSEWHERE = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/other/providers"


def _waf(name: str, **rule: Any) -> Edit:
    """A custom rule before the rate limit."""
    everything = {
        "match_variables": [{"variable_name": "RequestUri"}],
        "operator": "Contains",
        "match_values": ["/"],
    }
    before = {
        "name": name,
        "priority": 1,
        "rule_type": "MatchRule",
        "action": "Allow",
        "match_conditions": [everything],
    }

    def edit(stack: dict[str, Any]) -> None:
        body(stack, *POLICY)["custom_rules"].insert(0, {**before, **rule})

    return edit


def _gateway(block: str, *values: dict[str, Any]) -> Edit:
    """More blocks of the gateway."""

    def edit(stack: dict[str, Any]) -> None:
        body(stack, *GATEWAY).setdefault(block, []).extend(values)

    return edit


def _danger(sentence: str, edit: Edit, type: str, path: str) -> Danger:
    return Danger("entry", sentence, edit, f"{type} {path}")


DANGERS = (
    _danger(
        "WAF rule that allows everything before the others",
        _waf("allow-all"),
        *POLICY,
    ),
    _danger(
        "WAF rule that allows one agent before the others",
        _waf(
            "monitoring",
            match_conditions=[
                {
                    "match_variables": [{"variable_name": "RequestHeaders", "selector": "User-Agent"}],
                    "operator": "Contains",
                    "match_values": ["curl"],
                }
            ],
        ),
        *POLICY,
    ),
    _danger(
        "WAF rate limit for no client",
        put(*POLICY, "custom_rules.0.match_conditions.0.match_values", ["192.0.2.1/32"]),
        *POLICY,
    ),
    _danger(
        "WAF rate limit switched off",
        put(*POLICY, "custom_rules.0.enabled", False),
        *POLICY,
    ),
    _danger(
        "WAF exclusion of all request arguments",
        put(
            *POLICY,
            "managed_rules.exclusion",
            [{"match_variable": "RequestArgNames", "selector_match_operator": "EqualsAny", "selector": "*"}],
        ),
        *POLICY,
    ),
    _danger(
        "WAF rule group switched off",
        put(
            *POLICY,
            "managed_rules.managed_rule_set.0.rule_group_override",
            [{"rule_group_name": "SQLI", "rule": [{"id": "942100", "enabled": False}]}],
        ),
        *POLICY,
    ),
    _danger(
        "WAF that does not read request bodies",
        put(*POLICY, "policy_settings.request_body_check", False),
        *POLICY,
    ),
    _danger(
        "listener with its own firewall policy",
        put(*GATEWAY, "http_listener.0.firewall_policy_id", f"{ELSEWHERE}/Microsoft.Network/x/none"),
        *GATEWAY,
    ),
    _danger(
        "TLS 1.0 profile of a listener",
        every(
            [
                _gateway(
                    "ssl_profile",
                    {
                        "name": "old",
                        "ssl_policy": {"policy_type": "Predefined", "policy_name": "AppGwSslPolicy20150501"},
                    },
                ),
                put(*GATEWAY, "http_listener.0.ssl_profile_name", "old"),
            ]
        ),
        *GATEWAY,
    ),
    _danger(
        "custom TLS policy of 1.0",
        put(
            *GATEWAY,
            "ssl_policy",
            {"policy_type": "Custom", "min_protocol_version": "TLSv1_0", "policy_name": "AppGwSslPolicy20220101S"},
        ),
        *GATEWAY,
    ),
    _danger("backend over plain HTTP", put(*GATEWAY, "backend_http_settings.0.protocol", "Http"), *GATEWAY),
    _danger(
        "backend at an outside address",
        put(*GATEWAY, "backend_address_pool.0.ip_addresses", ["203.0.113.66"]),
        *GATEWAY,
    ),
    _danger(
        "another backend at an outside name",
        _gateway("backend_address_pool", {"name": "mirror", "fqdns": ["mirror.example.net"]}),
        *GATEWAY,
    ),
    _danger(
        "plain listener that serves instead of redirecting",
        every(
            [
                put(*GATEWAY, "request_routing_rule.1.backend_address_pool_name", "ingress"),
                put(*GATEWAY, "request_routing_rule.1.backend_http_settings_name", "ingress"),
                drop(*GATEWAY, "request_routing_rule.1.redirect_configuration_name"),
            ]
        ),
        *GATEWAY,
    ),
    _danger(
        "redirect to another site",
        put(
            *GATEWAY,
            "redirect_configuration.0",
            {"name": "to-https", "redirect_type": "Permanent", "target_url": "https://example.net"},
        ),
        *GATEWAY,
    ),
    _danger(
        "third listener on another port",
        every(
            [
                _gateway("frontend_port", {"name": "admin", "port": 8080}),
                _gateway(
                    "http_listener",
                    {
                        "name": "admin",
                        "frontend_ip_configuration_name": "public",
                        "frontend_port_name": "admin",
                        "protocol": "Http",
                    },
                ),
            ]
        ),
        *GATEWAY,
    ),
)
