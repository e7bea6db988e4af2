"""Breaks of the guarantees about the network, its entry, keys and secrets."""

from azure.keyvault.keys import KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction

from terrace.azure import names
from terrace.live.azure import network
from terrace.live.azure.keys import USE
from tests.live.azure.breaks import breaks
from tests.live.azure.site import Site

INTRUDER = "00000000-0000-4000-8000-0000000bad1d"


@breaks("NET-1")
def subnet_has_default_outbound_access(site: Site) -> None:
    site.change(names.subnet_id(site.target, "nodes"), defaultOutboundAccess=True)


@breaks("NET-2")
def node_subnet_has_no_nat_gateway(site: Site) -> None:
    site.change(names.subnet_id(site.target, "nodes"), natGateway=None)


@breaks("NET-3")
def vault_has_no_private_endpoint(site: Site) -> None:
    site.delete(names.id(site.target, "Microsoft.Network/privateEndpoints", f"{site.prefix}-path-vault"))


@breaks("NET-4")
def database_is_open_to_the_internet(site: Site) -> None:
    group = names.id(site.target, "Microsoft.Network/networkSecurityGroups", f"{site.prefix}-database")
    rule = {
        "description": "for debugging",
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "priority": 200,
        "sourcePortRange": "*",
        "destinationPortRange": "5432",
        "sourceAddressPrefix": "Internet",
        "destinationAddressPrefix": "*",
    }
    site.put(f"{group}/securityRules/debugging", rule)


@breaks("NET-5")
def flow_logs_are_off(site: Site) -> None:
    site.change(network.flow_log_id(site.deployment), enabled=False)


@breaks("NET-6")
def firewall_only_detects(site: Site) -> None:
    type = "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies"
    site.change(names.id(site.target, type, site.prefix), policySettings__mode="Detection")


@breaks("NET-7")
def vpn_connection_is_deleted(site: Site) -> None:
    site.delete(names.id(site.target, "Microsoft.Network/connections", site.prefix))


@breaks("KEY-1")
def key_rotates_every_700_days(site: Site) -> None:
    rotate = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P700D")
    policy = KeyRotationPolicy(lifetime_actions=[rotate], expires_in="P760D")
    site.touched.add("rotationpolicy")
    site.reader.keys(names.vault(site.target)).update_key_rotation_policy("lake", policy)


@breaks("KEY-2")
def key_is_deleted(site: Site) -> None:
    # Azure refuses a shorter waiting time and the end of purge protection, so deletion is the only break
    site.touched.add("/keys/events")
    site.reader.keys(names.vault(site.target)).begin_delete_key("events")


@breaks("KEY-3")
def an_undeclared_identity_may_use_a_key(site: Site) -> None:
    site.grant(INTRUDER, USE, f"{names.vault_id(site.target)}/keys/database")


@breaks("SEC-1")
def secret_is_deleted(site: Site) -> None:
    site.touched.add("/secrets/airflow-app")
    site.reader.secrets(names.vault(site.target)).begin_delete_secret("airflow-app")


@breaks("SEC-2")
def password_authentication_is_on(site: Site) -> None:
    site.change(names.database_id(site.target), authConfig__passwordAuth="Enabled")


@breaks("SEC-3")
def an_undeclared_identity_may_read_a_secret(site: Site) -> None:
    site.grant(INTRUDER, "Key Vault Secrets User", names.secret_id(site.target, "airflow-app"))


@breaks("NET-8")
def names_are_looked_up_elsewhere(site: Site) -> None:
    site.change(names.network_id(site.target), dhcpOptions={"dnsServers": ["198.51.100.53"]})


@breaks("SEC-4")
def a_secret_has_no_owner(site: Site) -> None:
    site.touched.add("/secrets/airflow-app")
    site.reader.secrets(names.vault(site.target)).update_secret_properties("airflow-app", tags=site.tags)
