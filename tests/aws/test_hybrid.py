"""The optional link to on-premises on AWS (NET-7)."""

import pytest

TYPES = ("aws_vpn_gateway", "aws_customer_gateway", "aws_vpn_connection", "aws_vpn_connection_route")


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_the_link_exists_only_if_required(foundation, environment):
    assert not [type for type in TYPES if foundation(environment).all(type)]


def test_the_link_has_two_tunnels_with_strong_ciphers(foundation):  # NET-7
    connection = foundation("prod").one("aws_vpn_connection", "hybrid/connection")
    for tunnel in ("tunnel1", "tunnel2"):
        assert connection[f"{tunnel}_ike_versions"] == ["ikev2"]
        for phase in ("phase1", "phase2"):
            assert connection[f"{tunnel}_{phase}_encryption_algorithms"] == ["AES256-GCM-16"]
            assert min(connection[f"{tunnel}_{phase}_dh_group_numbers"]) >= 14


def test_pre_shared_keys_are_not_in_state(foundation):  # SEC-1
    connection = foundation("prod").one("aws_vpn_connection", "hybrid/connection")
    assert connection["preshared_key_storage"] == "SecretsManager"
    assert not [name for name in connection if name.endswith("_preshared_key")]


def test_the_peers_ranges_are_routed(foundation):
    stack = foundation("prod")
    assert stack.one("aws_customer_gateway", "hybrid/device")["ip_address"] == "198.51.100.1"
    (route,) = [body for _, body in stack.all("aws_vpn_connection_route")]
    assert route["destination_cidr_block"] == "192.168.0.0/16"
    tables = {stack.resolve(body["route_table_id"]) for _, body in stack.all("aws_vpn_gateway_route_propagation")}
    assert tables == {"network/control-table", *(f"network/nodes-{zone}-table" for zone in "abc")}
