"""The load balancer and Cloud Armor (NET-6)."""

import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at, blocks
from terrace.calls import Absent
from terrace.capabilities.entry import EntrySpec
from terrace.capabilities.spec import present

_MANAGED = ("sqli", "xss", "rce", "lfi")
_RULE_SET = re.compile(
    r"evaluatePreconfiguredWaf\('(?P<set>[a-z]+)-v\d+-stable', \{'sensitivity': (?P<sensitivity>\d)\}\)"
)
_LAST = 2147483647


@check("NET-6")
def tls_and_redirect(stack: Subject) -> Iterator[Observation]:
    proxy = stack.view.only("google_compute_target_https_proxy")
    policy = stack.view.target(proxy.get("ssl_policy"))
    if policy is None:
        raise Absent(f"no google_compute_ssl_policy for {proxy}")  # Google's own default accepts TLS 1.0
    min_version = policy.get("min_tls_version")
    yield Observation(str(policy), f"min_tls_version = {min_version}", min_version in ("TLS_1_2", "TLS_1_3"), "TLS_1_2")
    profile = policy.get("profile")
    yield Observation(str(policy), f"profile = {profile}", profile in ("MODERN", "RESTRICTED"), "MODERN or RESTRICTED")
    has_certificate = proxy.get("certificate_map") is not None
    yield equal(str(proxy), "certificate_map is set", has_certificate, True)
    for http_proxy in stack.all("google_compute_target_http_proxy"):
        urls = stack.view.target(http_proxy.get("url_map"))
        redirects = urls.get("default_url_redirect.https_redirect") if urls else None
        yield equal(str(http_proxy), "https_redirect", redirects, True)
    rules = stack.view.pointing("google_compute_global_forwarding_rule", "target", proxy)
    yield equal(str(proxy), "ports", [str(one.get("port_range")) for one in rules], ["443"])


@check("NET-6")
def firewall(stack: Subject) -> Iterator[Observation]:
    spec = present(stack.environment.network.entry)
    for service in stack.all("google_compute_backend_service"):
        policy = stack.view.target(service.get("security_policy"))
        yield Observation(
            str(service), f"security_policy = {policy or 'unset'}", policy is not None, "a policy of the stack"
        )
        yield equal(str(service), "log_config", service.get("log_config.enable"), True)
        if policy is None:
            continue
        yield equal(str(service), "protocol", service.get("protocol"), "HTTPS")
        yield from _rules(policy, spec, 1 if stack.target.tier == "dev" else 2)


def _rules(policy: Resource, spec: EntrySpec, sensitivity: int) -> Iterator[Observation]:
    """The rules in the order of evaluation, which ends at the first match: managed rules, the limit, then the rest.

    A limit allows the requests below it.
    """
    rules = sorted(policy.blocks("rule"), key=lambda rule: int(rule.get("priority", _LAST)))
    matched = [(rule, _RULE_SET.fullmatch(str(at(rule, "match.expr.expression", "")))) for rule in rules]
    managed = {
        match["set"]: rule
        for rule, match in matched
        if match and str(rule.get("action")).startswith("deny") and int(match["sensitivity"]) >= sensitivity
    }
    yield includes(str(policy), "preconfigured rule sets", managed, _MANAGED)
    partial = [
        str(at(rule, "match.expr.expression"))
        for rule, match in matched
        if "evaluatePreconfiguredWaf(" in str(at(rule, "match.expr.expression", ""))
        and (match is None or match["set"] not in managed)
        and "'cve-canary'" not in str(at(rule, "match.expr.expression"))
    ]
    yield empty(str(policy), "rule sets that do not apply to every request", partial)
    if spec.firewall == "block":
        yield equal(
            str(policy), "rules in preview mode", [rule["priority"] for rule in rules if rule.get("preview")], []
        )
    last_managed = max((int(rule["priority"]) for rule in managed.values()), default=0)
    early = [
        str(rule.get("priority"))
        for rule in rules
        if not str(rule.get("action")).startswith("deny") and int(rule.get("priority", _LAST)) < last_managed
    ]
    yield empty(str(policy), "rules that end the evaluation before the managed ones", early)
    allowing = [int(rule.get("priority", _LAST)) for rule in rules if rule.get("action") == "allow"]
    yield equal(str(policy), "priorities of rules that allow", allowing, [_LAST])
    yield from _limits(policy, rules, spec)


def _limits(policy: Resource, rules: list[dict[str, Any]], spec: EntrySpec) -> Iterator[Observation]:
    limits = [
        limit
        for rule in rules
        if "rate" in str(rule["action"]) and at(rule, "match.config.src_ip_ranges") == ["*"]
        for limit in blocks(rule, "rate_limit_options.rate_limit_threshold")
    ]
    yield at_least(str(policy), "rate limit rules for every client", len(limits), 1)
    for limit in limits:
        requests = limit.get("count", 0) * 300 / (limit.get("interval_sec") or 1)
        yield at_most(str(policy), "rate limit in requests per five minutes", requests, spec.requests_per_five_minutes)
