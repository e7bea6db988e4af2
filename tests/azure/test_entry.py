"""The public entry on Azure (NET-6)."""

from ipaddress import ip_address, ip_network

import pytest

from terrace.azure.ranges import layout
from tests.azure.conftest import ENVIRONMENTS


@pytest.mark.parametrize(
    ("environment", "mode"), [("dev", "Detection"), ("staging", "Prevention"), ("prod", "Prevention")]
)
def test_the_firewall_mode_follows_the_environment(azure, environment, mode):  # NET-6
    stack = azure(environment)
    gateway = stack.one("azurerm_application_gateway", "entry/load-balancer")
    assert stack.resolve(gateway["firewall_policy_id"]) == "entry/firewall"
    assert gateway["force_firewall_policy_association"] is True
    policy = stack.one("azurerm_web_application_firewall_policy", "entry/firewall")
    assert (policy["policy_settings"]["enabled"], policy["policy_settings"]["mode"]) == (True, mode)
    sets = {rules["type"] for rules in policy["managed_rules"]["managed_rule_set"]}
    assert sets == {"Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_requests_per_address_are_limited(azure, environment):  # NET-6
    (rate,) = azure(environment).one("azurerm_web_application_firewall_policy", "entry/firewall")["custom_rules"]
    assert (rate["action"], rate["rate_limit_threshold"], rate["rate_limit_duration"]) == ("Block", 2000, "FiveMins")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tls_is_1_2_or_newer(azure, environment):  # NET-6
    gateway = azure(environment).one("azurerm_application_gateway", "entry/load-balancer")
    assert gateway["ssl_policy"] == {"policy_name": "AppGwSslPolicy20220101S", "policy_type": "Predefined"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_plain_http_is_only_redirected(azure, environment):  # NET-6
    gateway = azure(environment).one("azurerm_application_gateway", "entry/load-balancer")
    plain = {listener["name"] for listener in gateway["http_listener"] if listener["protocol"] == "Http"}
    assert plain == {"http"}
    (rule,) = [rule for rule in gateway["request_routing_rule"] if rule["http_listener_name"] == "http"]
    assert "backend_address_pool_name" not in rule
    (redirect,) = gateway["redirect_configuration"]
    assert rule["redirect_configuration_name"] == redirect["name"]
    assert (redirect["redirect_type"], redirect["target_listener_name"]) == ("Permanent", "https")


@pytest.mark.parametrize(("environment", "domain"), [("dev", "dev.data.example.com"), ("prod", "data.example.com")])
def test_the_certificate_covers_domain_and_subdomains_and_renews(azure, environment, domain):
    stack = azure(environment)
    policy = stack.one("azurerm_key_vault_certificate", "entry/certificate")["certificate_policy"]
    names = policy["x509_certificate_properties"]["subject_alternative_names"]["dns_names"]
    assert names == [domain, f"*.{domain}"]
    assert policy["lifetime_action"][0]["action"]["action_type"] == "AutoRenew"
    (shown,) = stack.one("azurerm_application_gateway", "entry/load-balancer")["ssl_certificate"]
    assert shown["key_vault_secret_id"].endswith(".versionless_secret_id}")  # the gateway fetches a renewed one


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_traffic_goes_to_an_address_in_the_nodes_subnet(azure, environment):
    stack = azure(environment)
    (pool,) = stack.one("azurerm_application_gateway", "entry/load-balancer")["backend_address_pool"]
    nodes = layout(stack.one("azurerm_virtual_network", "network/network")["address_space"][0])["nodes"]
    assert ip_address(pool["ip_addresses"][0]) in ip_network(nodes)
    assert stack.document["output"]["entry"]["value"] == pool["ip_addresses"][0]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_requests_are_logged(azure, environment):
    stack = azure(environment)
    setting = stack.one("azurerm_monitor_diagnostic_setting", "entry/logs")
    assert stack.resolve(setting["target_resource_id"]) == "entry/load-balancer"
    assert setting["enabled_log"] == [{"category_group": "allLogs"}]
