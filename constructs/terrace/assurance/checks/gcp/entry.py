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
        raise Absent(f"no google_compute_ssl_policy of {proxy}")  # Google's own default accepts TLS 1.0
    oldest = policy.get("min_tls_version")
    yield Observation(str(policy), f"min_tls_version = {oldest}", oldest in ("TLS_1_2", "TLS_1_3"), "TLS_1_2")
    yield Observation(
        str(policy), f"profile = {policy.get('profile')}", policy.get("profile") != "COMPATIBLE", "MODERN"
    )
    certified = proxy.get("certificate_map") is not None
    yield equal(str(proxy), "has a certificate", certified, True)
    for plain in stack.all("google_compute_target_http_proxy"):
        urls = stack.view.target(plain.get("url_map"))
        onward = urls.get("default_url_redirect.https_redirect") if urls else None
        yield equal(str(plain), "https_redirect", onward, True)
    rules = stack.view.pointing("google_compute_global_forwarding_rule", "target", proxy)
    yield equal(str(proxy), "ports", [str(one.get("port_range")) for one in rules], ["443"])


@check("NET-6")
def firewall(stack: Subject) -> Iterator[Observation]:
    spec = stack.environment.network.entry
    for service in stack.all("google_compute_backend_service"):
        policy = stack.view.target(service.get("security_policy"))
        yield Observation(str(service), f"firewall {policy or 'none'}", policy is not None, "one of ours")
        yield equal(str(service), "log_config", service.get("log_config.enable"), True)
        if policy is None:
            continue
        rules = policy.blocks("rule")
        managed = {
            word: rule
            for rule in rules
            for word in _MANAGED
            if f"'{word}-" in str(at(rule, "match.expr.expression", "")) and str(rule.get("action")).startswith("deny")
        }
        yield includes(str(policy), "managed rules", managed, _MANAGED)
        if spec.firewall == "block":
            watching = [word for word, rule in managed.items() if rule.get("preview")]
            yield equal(str(policy), "rules that only watch", watching, [])
        limits = [
            limit
            for rule in rules
            if "rate" in str(rule["action"])
            for limit in blocks(rule, "rate_limit_options.rate_limit_threshold")
        ]
        yield at_least(str(policy), "rate limits", len(limits), 1)
        for limit in limits:
            per = limit.get("count", 0) * 300 / (limit.get("interval_sec") or 1)
            yield at_most(str(policy), "requests in five minutes", per, spec.requests_per_five_minutes)
