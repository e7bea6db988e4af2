"""The public entry on AWS (NET-6)."""

import json

import pytest

ENVIRONMENTS = {"dev": "dev.data.example.com", "staging": "staging.data.example.com", "prod": "data.example.com"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tls_is_1_2_or_newer(foundation, environment):  # NET-6
    listener = foundation(environment).one("aws_lb_listener", "entry/https")
    assert (listener["protocol"], listener["port"]) == ("HTTPS", 443)
    assert listener["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_plain_http_is_only_redirected(foundation, environment):  # NET-6
    stack = foundation(environment)
    plain = [body for _, body in stack.all("aws_lb_listener") if body["protocol"] == "HTTP"]
    assert len(plain) == 1
    (action,) = plain[0]["default_action"]
    assert action["type"] == "redirect"
    assert (action["redirect"]["protocol"], action["redirect"]["port"]) == ("HTTPS", "443")


@pytest.mark.parametrize(("environment", "override"), {"dev": "count", "staging": "none", "prod": "none"}.items())
def test_the_firewall_counts_or_blocks_as_configured(foundation, environment, override):  # NET-6
    firewall = foundation(environment).one("aws_wafv2_web_acl", "entry/firewall")
    managed = [rule for rule in firewall["rule"] if rule.get("override_action")]
    assert len(managed) == 4
    for rule in managed:
        assert list(rule["override_action"]) == [override], rule["name"]
        assert rule["statement"]["managed_rule_group_statement"]["vendor_name"] == "AWS"
    priorities = [rule["priority"] for rule in firewall["rule"]]
    assert len(set(priorities)) == len(priorities)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_requests_per_address_are_limited(foundation, environment):  # NET-6
    firewall = foundation(environment).one("aws_wafv2_web_acl", "entry/firewall")
    (rate,) = [rule for rule in firewall["rule"] if rule["name"] == "rate"]
    assert "block" in rate["action"]
    assert rate["statement"]["rate_based_statement"] == {"limit": 2000, "aggregate_key_type": "IP"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_firewall_protects_the_load_balancer_and_is_logged(foundation, environment):  # NET-6
    stack = foundation(environment)
    link = stack.one("aws_wafv2_web_acl_association", "entry/firewall-association")
    assert stack.resolve(link["resource_arn"]) == "entry/load-balancer"
    assert stack.resolve(link["web_acl_arn"]) == "entry/firewall"
    log = stack.one("aws_wafv2_web_acl_logging_configuration", "entry/firewall-log")
    assert stack.resolve(log["resource_arn"]) == "entry/firewall"
    assert log["redacted_fields"] == [{"single_header": {"name": "authorization"}}]
    assert len(log["log_destination_configs"]) == 1


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_load_balancer_is_hardened_and_logged(foundation, environment):
    stack = foundation(environment)
    balancer = stack.one("aws_lb", "entry/load-balancer")
    assert balancer["drop_invalid_header_fields"] is True
    assert balancer["desync_mitigation_mode"] == "strictest"
    assert balancer["enable_deletion_protection"] is (environment != "dev")
    assert balancer["access_logs"]["enabled"] is True
    assert "access" in json.dumps(balancer["access_logs"]["bucket"])
    assert [stack.resolve(group) for group in balancer["security_groups"]] == ["network/openings/entry-group"]
    assert len(balancer["subnets"]) >= 2, "a load balancer requires two zones"


@pytest.mark.parametrize(("environment", "domain"), ENVIRONMENTS.items())
def test_one_certificate_and_one_record_for_the_domain_and_its_names(foundation, environment, domain):
    stack = foundation(environment)
    certificate = stack.one("aws_acm_certificate", "entry/certificate")
    assert certificate["domain_name"] == domain
    assert certificate["subject_alternative_names"] == [f"*.{domain}"]
    records = dict(stack.all("aws_route53_record"))
    assert [path for path in records if "validation" in path] == ["entry/validation-record"]
    served = stack.one("aws_lb_listener", "entry/https")["certificate_arn"]
    assert stack.resolve(served) == "entry/validation", "the listener must depend on the issued certificate"
    public = {body["name"] for path, body in records.items() if path.startswith("entry/") and "alias" in body}
    assert public == {domain, f"*.{domain}"}
