"""The public entry: the web application firewall, TLS, logs."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, Stack, body, drop, put

FIREWALL = ("aws_wafv2_web_acl", "entry/firewall")


def waf(change: Any) -> Edit:
    """Change the rules of the web application firewall."""

    def edit(stack: Stack) -> None:
        change(body(stack, *FIREWALL)["rule"])

    return edit


def allow_all(rules: list[Any]) -> None:
    uri = {"field_to_match": {"uri_path": {}}, "positional_constraint": "STARTS_WITH", "search_string": "/"}
    match = {"byte_match_statement": {**uri, "text_transformation": [{"priority": 0, "type": "NONE"}]}}
    shown = {"cloudwatch_metrics_enabled": True, "metric_name": "trusted", "sampled_requests_enabled": True}
    rules.append(
        {"name": "trusted", "priority": 0, "action": {"allow": {}}, "statement": match, "visibility_config": shown}
    )


def exclude(rules: list[Any]) -> None:
    scope = {"not_statement": {"statement": {"geo_match_statement": {"country_codes": ["DE", "US", "CN"]}}}}
    rules[2]["statement"]["managed_rule_group_statement"]["scope_down_statement"] = scope


def count_one(rules: list[Any]) -> None:
    override = [{"name": "SQLi_QUERYARGUMENTS", "action_to_use": {"count": {}}}]
    rules[2]["statement"]["managed_rule_group_statement"]["rule_action_override"] = override


def limit_one_country(rules: list[Any]) -> None:
    scope = {"geo_match_statement": {"country_codes": ["AQ"]}}
    rules[4]["statement"]["rate_based_statement"]["scope_down_statement"] = scope


def rate_counts(rules: list[Any]) -> None:
    rules[4]["action"] = {"count": {}}


DANGERS = [
    Danger("entry", "a rule of the firewall allows everything before the others", waf(allow_all), " ".join(FIREWALL)),
    Danger("entry", "SQL injection is checked for three countries less", waf(exclude), " ".join(FIREWALL)),
    Danger("entry", "one rule of a managed group only counts", waf(count_one), " ".join(FIREWALL)),
    Danger("entry", "the rate limit applies to one country", waf(limit_one_country), " ".join(FIREWALL)),
    Danger("entry", "the rate limit only counts", waf(rate_counts), " ".join(FIREWALL)),
    Danger(
        "entry",
        "the load balancer's listener accepts TLS 1.0",
        put("aws_lb_listener", "entry/https", "ssl_policy", "ELBSecurityPolicy-TLS13-1-0-2021-06"),
        "aws_lb_listener entry/https",
    ),
    Danger(
        "entry",
        "the load balancer talks plain HTTP to the cluster",
        put("aws_lb_target_group", "entry/ingress", "protocol", "HTTP"),
        "aws_lb_target_group entry/ingress",
    ),
    Danger(
        "entry",
        "the load balancer keeps no access logs",
        drop("aws_lb", "entry/load-balancer", "access_logs"),
        "aws_lb entry/load-balancer",
    ),
    Danger(
        "entry",
        "the firewall's log leaves out what it blocks",
        put(
            "aws_wafv2_web_acl_logging_configuration",
            "entry/firewall-log",
            "logging_filter",
            {
                "default_behavior": "KEEP",
                "filter": [
                    {
                        "behavior": "DROP",
                        "requirement": "MEETS_ANY",
                        "condition": [{"action_condition": {"action": "BLOCK"}}],
                    }
                ],
            },
        ),
        "aws_wafv2_web_acl_logging_configuration entry/firewall-log",
    ),
]
