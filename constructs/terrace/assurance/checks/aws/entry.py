"""The load balancer and its firewall (NET-6)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import at
from terrace.aws import names

_TLS = ("ELBSecurityPolicy-TLS13-1-2", "ELBSecurityPolicy-TLS13-1-3", "ELBSecurityPolicy-TLS-1-2")
"""Beginnings of the names of policies without TLS 1.0 and 1.1. Source: ELB, "Security policies for your ALB"."""
_MANAGED = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet")


@check("NET-6")
def tls_and_redirect(stack: Subject) -> Iterator[Observation]:
    for balancer in stack.all("aws_lb"):
        listeners = stack.view.pointing("aws_lb_listener", "load_balancer_arn", balancer)
        secure = [listener for listener in listeners if listener.get("protocol") == "HTTPS"]
        yield at_least(str(balancer), "HTTPS listeners", len(secure), 1)
        for listener in listeners:
            if listener in secure:
                policy = str(listener.get("ssl_policy"))
                modern = policy.startswith(_TLS) and "Ext0" not in policy
                yield Observation(str(listener), f"ssl_policy = {policy}", modern, "TLS 1.2 or newer")
                yield equal(str(listener), "has a certificate", listener.get("certificate_arn") is not None, True)
            else:
                ways = [
                    at(action, "redirect.protocol", action.get("type")) for action in listener.blocks("default_action")
                ]
                yield equal(str(listener), "sends on to", ways, ["HTTPS"])
        yield equal(str(balancer), "drop_invalid_header_fields", balancer.get("drop_invalid_header_fields"), True)


@check("NET-6")
def firewall(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.entry
    for balancer in stack.all("aws_lb"):
        links = stack.view.pointing("aws_wafv2_web_acl_association", "resource_arn", balancer)
        yield at_least(str(balancer), "firewalls", len(links), 1)
        for link in links:
            acl = stack.view.target(link.get("web_acl_arn"))
            if acl is None:
                yield Observation(str(link), "firewall unset", False, "one of the stack")
                continue
            rules = {rule.get("name"): rule for rule in acl.blocks("rule")}
            managed = {
                at(rule, "statement.managed_rule_group_statement.name"): rule
                for rule in rules.values()
                if at(rule, "statement.managed_rule_group_statement")
            }
            yield includes(str(acl), "managed rules", managed, _MANAGED)
            if spec.firewall == "block":
                yield empty(str(acl), "rules that only count", [n for n, r in managed.items() if _counts(r)])
            limits = [rule for rule in rules.values() if at(rule, "statement.rate_based_statement")]
            yield at_least(str(acl), "rate limits", len(limits), 1)
            for rule in limits:
                limit = at(rule, "statement.rate_based_statement.limit")
                yield at_most(str(acl), "limit of requests", limit, spec.requests_per_five_minutes)
            logged = stack.view.pointing("aws_wafv2_web_acl_logging_configuration", "resource_arn", acl)
            places = [str(place) for log in logged for place in log.get("log_destination_configs", [])]
            yield includes(str(acl), "logs to", places, [names.log_group_arn(stack.target, "waf")])


def _counts(rule: dict[str, object]) -> bool:
    override = rule.get("override_action")
    override = override[0] if isinstance(override, list) and override else override
    count = override.get("count") if isinstance(override, dict) else None
    return count not in (None, [])
