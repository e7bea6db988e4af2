"""The load balancer and Cloud Armor (NET-6)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Absent, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import at, blocks

_MANAGED = ("sqli", "xss", "rce", "lfi")


@check("NET-6")
def tls_and_redirect(stack: Subject) -> Iterator[Observation]:
    proxy = stack.view.only("google_compute_target_https_proxy")
    policy = stack.view.target(proxy.get("ssl_policy"))
    if policy is None:
        raise Absent(f"no google_compute_ssl_policy for {proxy}")  # Google's own default accepts TLS 1.0
    min_version = policy.get("min_tls_version")
    yield Observation(str(policy), f"min_tls_version = {min_version}", min_version in ("TLS_1_2", "TLS_1_3"), "TLS_1_2")
    yield Observation(
        str(policy), f"profile = {policy.get('profile')}", policy.get("profile") != "COMPATIBLE", "MODERN"
    )
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
    spec = stack.environment.network.entry
    for service in stack.all("google_compute_backend_service"):
        policy = stack.view.target(service.get("security_policy"))
        yield Observation(
            str(service), f"security_policy = {policy or 'unset'}", policy is not None, "a policy of the stack"
        )
        yield equal(str(service), "log_config", service.get("log_config.enable"), True)
        if policy is None:
            continue
        rules = policy.blocks("rule")
        managed = {
            rule_set: rule
            for rule in rules
            for rule_set in _MANAGED
            if f"'{rule_set}-" in str(at(rule, "match.expr.expression", ""))
            and str(rule.get("action")).startswith("deny")
        }
        yield includes(str(policy), "preconfigured rule sets", managed, _MANAGED)
        if spec.firewall == "block":
            previewed = [rule_set for rule_set, rule in managed.items() if rule.get("preview")]
            yield equal(str(policy), "rule sets in preview mode", previewed, [])
        limits = [
            limit
            for rule in rules
            if "rate" in str(rule["action"])
            for limit in blocks(rule, "rate_limit_options.rate_limit_threshold")
        ]
        yield at_least(str(policy), "rate limit rules", len(limits), 1)
        for limit in limits:
            requests = limit.get("count", 0) * 300 / (limit.get("interval_sec") or 1)
            yield at_most(
                str(policy), "rate limit in requests per five minutes", requests, spec.requests_per_five_minutes
            )
