"""The public entry on Google Cloud (NET-6)."""

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_firewall_protects_the_load_balancer(gcp, environment):  # NET-6
    stack = gcp(environment)
    backend = stack.one("google_compute_backend_service", "entry/ingress")
    assert stack.resolve(backend["security_policy"]) == "entry/firewall"
    rules = stack.one("google_compute_security_policy", "entry/firewall")["rule"]
    managed = [rule for rule in rules if "expr" in rule["match"]]
    assert len(managed) == 10
    assert all(rule["preview"] is (environment == "dev") and rule["action"] == "deny(403)" for rule in managed)
    assert any(rule["match"]["expr"]["expression"] == "evaluatePreconfiguredWaf('cve-canary')" for rule in managed)
    rate = next(rule for rule in rules if rule["action"] == "rate_based_ban")
    assert rate["rate_limit_options"]["rate_limit_threshold"] == {"count": 2000, "interval_sec": 300}
    assert max(rule["priority"] for rule in rules) == 2147483647


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tls_is_1_2_or_newer_and_plain_http_is_redirected(gcp, environment):  # NET-6
    stack = gcp(environment)
    assert stack.one("google_compute_ssl_policy", "entry/tls")["min_tls_version"] == "TLS_1_2"
    assert stack.resolve(stack.one("google_compute_target_https_proxy", "entry/https")["ssl_policy"]) == "entry/tls"
    http = stack.one("google_compute_target_http_proxy", "entry/http")
    assert stack.resolve(http["url_map"]) == "entry/redirect"
    redirect = stack.one("google_compute_url_map", "entry/redirect")["default_url_redirect"]
    assert redirect["https_redirect"] is True
    ports = {rule["port_range"]: rule["target"] for _, rule in stack.all("google_compute_global_forwarding_rule")}
    assert stack.resolve(ports["80"]) == "entry/http"
    assert stack.resolve(ports["443"]) == "entry/https"


def test_the_backend_has_the_pods_of_each_zone(gcp):
    groups = [body["zone"] for _, body in gcp("prod").all("google_compute_network_endpoint_group")]
    assert groups == ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
