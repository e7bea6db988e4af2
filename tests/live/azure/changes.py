"""Changes by hand on Azure."""

import uuid

from terrace.azure import names
from tests.live.access import changes
from tests.live.azure.site import Site

CHANGES, shown_as = changes()
INTRUDER = "00000000-0000-4000-8000-0000000bad1d"
_OUTSIDE = "/subscriptions/00000000-0000-4000-8000-0000000000ff/resourceGroups/x/providers"
_ANYONE = f"foreign {INTRUDER}"


def network(site: Site, type: str, name: str) -> str:
    return names.id(site.target, f"Microsoft.Network/{type}", name)


@shown_as("internet -> database on tcp 5432, by rule by-hand of group dpf-prod-database")
def database_is_open_to_the_internet(site: Site) -> None:
    rule = {
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "priority": 200,
        "sourcePortRange": "*",
        "destinationPortRange": "5432",
        "sourceAddressPrefix": "0.0.0.0/0",
        "destinationAddressPrefix": "*",
    }
    site.put(f"{network(site, 'networkSecurityGroups', 'dpf-prod-database')}/securityRules/by-hand", rule)


@shown_as(f"{_ANYONE} may administer account/home, by role assignment ID")
def an_outsider_owns_the_group(site: Site) -> None:
    site.grant(INTRUDER, "Owner", names.group_id(site.target))


@shown_as(f"{_ANYONE} may read-secret secrets/airflow, by role assignment ID")
def an_outsider_reads_a_secret(site: Site) -> None:
    site.grant(INTRUDER, "Key Vault Secrets User", names.secret_id(site.target, "airflow-app"))


@shown_as(
    *(
        f"module superset may {verb} lake/silver, by role assignment ID"
        for verb in ("read-data", "write-data", "operate", "delete")
    )
)
def a_module_may_write_another_layer(site: Site) -> None:
    scope = names.container_id(site.target, "silver")
    site.grant(site.principal("module-superset"), "Storage Blob Data Contributor", scope)


@shown_as(f"{_ANYONE} may decrypt keys/home, by role assignment ID")
def an_outsider_has_a_role_of_the_subscription(site: Site) -> None:
    place, guid = names.group_id(site.target), str(uuid.uuid4())
    definition = names.role_id(site.target, guid)
    actions = ["Microsoft.KeyVault/vaults/keys/decrypt/action", "Microsoft.KeyVault/vaults/keys/unwrap/action"]
    role = {
        "roleName": "by-hand",
        "type": "CustomRole",
        "permissions": [{"actions": [], "notActions": [], "dataActions": actions, "notDataActions": []}],
        "assignableScopes": [place],
    }
    site.put(f"{place}/providers/Microsoft.Authorization/roleDefinitions/{guid}", role)
    assignment = {"roleDefinitionId": definition, "principalId": INTRUDER, "principalType": "ServicePrincipal"}
    site.put(f"{place}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", assignment)


@shown_as(
    "workflow repo:acme/terrace:pull_request may assume identities/pipeline apply, "
    "by credential by-hand of dpf-prod-ci-apply"
)
def pull_requests_apply(site: Site) -> None:
    trusted = {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:acme/terrace:pull_request",
        "audiences": ["api://AzureADTokenExchange"],
    }
    site.put(f"{names.pipeline_id(site.target, 'apply')}/federatedIdentityCredentials/by-hand", trusted)


@shown_as("internet -> endpoints on tcp 443, by lake/gold/account")
def an_account_is_open_to_the_internet(site: Site) -> None:
    acls = {"defaultAction": "Allow", "bypass": "None", "ipRules": [], "virtualNetworkRules": []}
    site.change(names.account_id(site.target, "gold"), publicNetworkAccess="Enabled", networkAcls=acls)


@shown_as(
    "foreign local user by-hand may read-data lake/gold, by azurerm_storage_account_local_user by-hand",
    "foreign local user by-hand may write-data lake/gold, by azurerm_storage_account_local_user by-hand",
)
def an_account_has_a_local_user(site: Site) -> None:
    scopes = [{"permissions": "rwl", "service": "blob", "resourceName": "gold"}]
    site.put(f"{names.account_id(site.target, 'gold')}/localUsers/by-hand", {"permissionScopes": scopes})


@shown_as("unknown network REMOTE -> range 10.42.0.0/16 on all ports, by azurerm_virtual_network_peering by-hand")
def the_network_is_peered(site: Site) -> None:
    remote = f"{_OUTSIDE}/Microsoft.Network/virtualNetworks/x"
    peering = {"remoteVirtualNetwork": {"id": remote}, "allowVirtualNetworkAccess": True}
    site.put(f"{names.network_id(site.target)}/virtualNetworkPeerings/by-hand", peering)


@shown_as(f"{_ANYONE} may connect database/admin, by administrator {INTRUDER} of the database")
def an_outsider_administers_the_database(site: Site) -> None:
    tenant = names.settings(site.target).tenant_id
    body = {"principalType": "ServicePrincipal", "principalName": "by-hand", "tenantId": tenant}
    site.put(f"{names.database_id(site.target)}/administrators/{INTRUDER}", body)


@shown_as(f"{_ANYONE} may connect cache/*, by login by-hand of the cache")
def an_outsider_logs_in_to_the_cache(site: Site) -> None:
    login = {"accessPolicyName": "default", "user": {"objectId": INTRUDER}}
    site.put(f"{names.cache_id(site.target)}/databases/default/accessPolicyAssignments/by-hand", login)


@shown_as(
    "nodes -> unknown next hop VirtualAppliance 10.42.0.9 of 0.0.0.0/0 on all ports, by azurerm_route_table by-hand"
)
def traffic_is_routed_to_a_machine(site: Site) -> None:
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.42.0.9"}
    table = site.create("Microsoft.Network/routeTables", "by-hand", {"routes": [{"name": "x", "properties": route}]})
    site.change(names.subnet_id(site.target, "nodes"), routeTable={"id": table})


@shown_as("endpoints -> unknown service SERVICE on all ports, by azurerm_private_endpoint by-hand")
def data_leaves_by_a_private_endpoint(site: Site) -> None:
    connection = {"privateLinkServiceId": f"{_OUTSIDE}/Microsoft.Storage/storageAccounts/x", "groupIds": ["blob"]}
    properties = {
        "subnet": {"id": names.subnet_id(site.target, "endpoints")},
        "privateLinkServiceConnections": [{"name": "x", "properties": connection}],
    }
    site.create("Microsoft.Network/privateEndpoints", "by-hand", properties)
