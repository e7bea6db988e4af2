"""The load balancer and its firewall (NET-6)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import at, blocks
from terrace.aws import names
from terrace.capabilities.spec import present

_TLS = ("ELBSecurityPolicy-TLS13-1-2", "ELBSecurityPolicy-TLS13-1-3", "ELBSecurityPolicy-TLS-1-2")
"""Prefixes of the policies that exclude TLS 1.0 and 1.1. Source: ELB, "Security policies for your ALB"."""
_WHOLE_GROUP = ("name", "vendor_name", "version")
_WHOLE_LIMIT = ("limit", "aggregate_key_type", "evaluation_window_sec")
"""The arguments of a managed group and of a rate limit that leave nothing out."""
_MANAGED = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet")


@check("NET-6")
def tls_and_redirect(stack: Subject) -> Iterator[Observation]:
    for balancer in stack.all("aws_lb"):
        listeners = stack.view.pointing("aws_lb_listener", "load_balancer_arn", balancer)
        https = [listener for listener in listeners if listener.get("protocol") == "HTTPS"]
        yield at_least(str(balancer), "HTTPS listeners", len(https), 1)
        for listener in listeners:
            if listener in https:
                policy = str(listener.get("ssl_policy"))
                ok = policy.startswith(_TLS) and "Ext0" not in policy
                yield Observation(str(listener), f"ssl_policy = {policy}", ok, "TLS 1.2 or newer")
                yield equal(str(listener), "certificate_arn is set", listener.get("certificate_arn") is not None, True)
            else:
                redirects = [
                    at(action, "redirect.protocol", action.get("type")) for action in listener.blocks("default_action")
                ]
                yield equal(str(listener), "redirects to", redirects, ["HTTPS"])
            for action in listener.blocks("default_action"):
                targets = stack.view.target(action.get("target_group_arn"))
                if targets is not None:
                    yield equal(str(targets), "protocol", targets.get("protocol"), "HTTPS")
        logs = (balancer.get("access_logs.enabled"), balancer.get("access_logs.bucket"))
        yield equal(str(balancer), "access_logs", logs, (True, names.bucket(stack.target, "access")))
        yield equal(str(balancer), "drop_invalid_header_fields", balancer.get("drop_invalid_header_fields"), True)


@check("NET-6")
def firewall(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.network.entry)
    for balancer in stack.all("aws_lb"):
        links = stack.view.pointing("aws_wafv2_web_acl_association", "resource_arn", balancer)
        yield at_least(str(balancer), "web ACLs", len(links), 1)
        for link in links:
            acl = stack.view.target(link.get("web_acl_arn"))
            if acl is None:
                yield Observation(str(link), "web_acl_arn is outside the stack", False, "a web ACL of the stack")
                continue
            rules = {rule.get("name"): rule for rule in acl.blocks("rule")}
            managed = {
                at(rule, "statement.managed_rule_group_statement.name"): rule
                for rule in rules.values()
                if at(rule, "statement.managed_rule_group_statement")
            }
            yield includes(str(acl), "managed rule groups", managed, _MANAGED)
            if spec.firewall == "block":
                yield empty(
                    str(acl), "managed rule groups in count mode", [n for n, r in managed.items() if _counts(r)]
                )
            for name, rule in managed.items():
                (group,) = blocks(at(rule, "statement"), "managed_rule_group_statement")
                narrowed = [key for key, value in group.items() if value and key not in _WHOLE_GROUP]
                yield empty(str(acl), f"{name}: leaves out or overrides", narrowed)
            others = [rule for rule in rules.values() if rule not in managed.values()]
            not_blocking = [str(rule.get("name")) for rule in others if at(rule, "action.block") in (None, [])]
            yield empty(str(acl), "rules that let requests through", not_blocking)
            limits = [rule for rule in rules.values() if at(rule, "statement.rate_based_statement")]
            yield at_least(str(acl), "rate-based rules", len(limits), 1)
            for rule in limits:
                limit = at(rule, "statement.rate_based_statement.limit")
                yield at_most(
                    str(acl), "rate limit in requests per five minutes", limit, spec.requests_per_five_minutes
                )
                (limited,) = blocks(at(rule, "statement"), "rate_based_statement")
                narrowed = [key for key, value in limited.items() if value and key not in _WHOLE_LIMIT]
                yield empty(str(acl), "rate limit: leaves out", narrowed)
            log_configs = stack.view.pointing("aws_wafv2_web_acl_logging_configuration", "resource_arn", acl)
            for log in log_configs:
                yield from lookup.unnarrowed(log, "logging_filter")
            destinations = [
                str(destination) for log in log_configs for destination in log.get("log_destination_configs", [])
            ]
            yield includes(str(acl), "log destinations", destinations, [names.log_group_arn(stack.target, "waf")])


def _counts(rule: dict[str, object]) -> bool:
    override = rule.get("override_action")
    override = override[0] if isinstance(override, list) and override else override
    count = override.get("count") if isinstance(override, dict) else None
    return count not in (None, [])
