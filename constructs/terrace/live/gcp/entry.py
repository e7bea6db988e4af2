"""Checks of the load balancer and Cloud Armor (NET-6)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal, includes
from terrace.calls import Absent
from terrace.capabilities.spec import present
from terrace.gcp import names
from terrace.live.gcp.checks import Deployment, named

_MANAGED = ("sqli", "xss", "rce", "lfi")


def _get(deployment: Deployment, collection: str, parameter: str, name: str) -> dict[str, Any]:
    which = {"project": names.account(deployment.target), parameter: name}
    return deployment.call("compute", f"{collection}.get", **which)


@check("NET-6")
def guarded(deployment: Deployment) -> Iterator[Observation]:
    entry, plain = f"{deployment.prefix}-entry", f"{deployment.prefix}-redirect"
    proxy = _get(deployment, "targetHttpsProxies", "targetHttpsProxy", entry)
    if not proxy.get("sslPolicy"):
        raise Absent(f"a TLS policy of proxy {entry}")  # Google's default accepts TLS 1.0
    policy = _get(deployment, "sslPolicies", "sslPolicy", named(proxy["sslPolicy"]))
    resource, oldest = f"TLS policy {policy['name']}", policy.get("minTlsVersion")
    yield Observation(resource, f"minTlsVersion = {oldest}", oldest in ("TLS_1_2", "TLS_1_3"), "TLS_1_2")
    yield Observation(resource, f"profile = {policy.get('profile')}", policy.get("profile") != "COMPATIBLE", "MODERN")
    yield equal(f"proxy {entry}", "has a certificate", bool(proxy.get("certificateMap")), True)
    redirect = _get(deployment, "targetHttpProxies", "targetHttpProxy", plain)
    urls = _get(deployment, "urlMaps", "urlMap", named(redirect.get("urlMap")))
    onward = urls.get("defaultUrlRedirect", {}).get("httpsRedirect", False)
    yield equal(f"proxy {plain}", "httpsRedirect", onward, True)
    project = names.account(deployment.target)
    rules = deployment.pages("compute", "globalForwardingRules.list", "items", project=project)
    ports = [str(rule.get("portRange")) for rule in rules if named(rule.get("target")) == entry]
    yield equal(f"proxy {entry}", "ports", [port.partition("-")[0] for port in ports], ["443"])
    yield from _firewall(deployment, entry)


def _firewall(deployment: Deployment, entry: str) -> Iterator[Observation]:
    spec, service = (
        present(deployment.environment.network.entry),
        _get(deployment, "backendServices", "backendService", entry),
    )
    yield equal(f"backend service {entry}", "logConfig", service.get("logConfig", {}).get("enable", False), True)
    if not service.get("securityPolicy"):
        raise Absent(f"a firewall of backend service {entry}")
    policy = _get(deployment, "securityPolicies", "securityPolicy", named(service["securityPolicy"]))
    resource, rules = f"firewall {policy['name']}", policy.get("rules", [])
    managed = {
        word: rule
        for rule in rules
        for word in _MANAGED
        if f"'{word}-" in str(rule.get("match", {}).get("expr", {}).get("expression", ""))
        and str(rule.get("action")).startswith("deny")
    }
    yield includes(resource, "managed rules", managed, _MANAGED)
    if spec.firewall == "block":
        yield empty(resource, "rules in preview", [word for word, rule in managed.items() if rule.get("preview")])
    limits = [
        rule.get("rateLimitOptions", {}).get("rateLimitThreshold", {})
        for rule in rules
        if "rate" in str(rule.get("action"))
    ]
    yield at_least(resource, "rate limits", len(limits), 1)
    for limit in limits:
        per = limit.get("count", 0) * 300 / (limit.get("intervalSec") or 1)
        yield at_most(resource, "requests in five minutes", per, spec.requests_per_five_minutes)
