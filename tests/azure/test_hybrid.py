"""The optional link to on-premises on Azure (NET-7)."""


def test_only_prod_has_a_link(azure):  # NET-7
    for environment, links in {"dev": 0, "staging": 0, "prod": 1}.items():
        assert len(azure(environment).all("azurerm_virtual_network_gateway_connection")) == links


def test_the_link_is_ikev2_with_strong_ciphers_over_two_gateways(azure):  # NET-7
    stack = azure("prod")
    connection = stack.one("azurerm_virtual_network_gateway_connection", "hybrid/connection")
    assert connection["connection_protocol"] == "IKEv2"
    assert connection["ipsec_policy"]["ipsec_encryption"] == "GCMAES256"
    assert connection["ipsec_policy"]["dh_group"] == "ECP384"
    gateway = stack.one("azurerm_virtual_network_gateway", "hybrid/gateway")
    assert gateway["active_active"] is True
    assert len(gateway["ip_configuration"]) == 2
    assert gateway["ip_configuration"][0]["subnet_id"].endswith("/subnets/GatewaySubnet")


def test_no_pre_shared_key_is_in_the_stack(azure):  # SEC-1
    connection = azure("prod").one("azurerm_virtual_network_gateway_connection", "hybrid/connection")
    assert "shared_key" not in connection
    assert connection["lifecycle"]["ignore_changes"] == ["shared_key"]


def test_the_peers_ranges_are_routed(azure):
    device = azure("prod").one("azurerm_local_network_gateway", "hybrid/device")
    assert (device["gateway_address"], device["address_space"]) == ("198.51.100.1", ["192.168.0.0/16"])
