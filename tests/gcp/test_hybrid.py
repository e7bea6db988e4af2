"""The optional link to on-premises on Google Cloud (NET-7)."""


def test_the_link_exists_only_if_required(gcp):  # NET-7
    assert not gcp("dev").all("google_compute_vpn_tunnel")
    tunnels = gcp("prod").all("google_compute_vpn_tunnel")
    assert [body["vpn_gateway_interface"] for _, body in tunnels] == [0, 1]
    assert {body["ike_version"] for _, body in tunnels} == {2}


def test_tunnels_and_secret_share_a_key_that_is_not_in_state(gcp):  # SEC-1
    stack = gcp("prod")
    shared = {body["shared_secret_wo"] for _, body in stack.all("google_compute_vpn_tunnel")}
    shared.add(stack.one("google_secret_manager_secret_version", "hybrid/shared-key-version")["secret_data_wo"])
    assert len(shared) == 1
    assert not [body for _, body in stack.all("google_compute_vpn_tunnel") if "shared_secret" in body]


def test_each_tunnel_has_a_session_with_the_peer(gcp):  # NET-7
    peers = [body["peer_asn"] for _, body in gcp("prod").all("google_compute_router_peer")]
    assert peers == [65010, 65010]
