"""Changes outside Terraform, for the demo and the tests."""

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.demo.inject_drift import Drift
from terrace.environment.schema import Environment
from terrace.live.azure import network, streams
from terrace.live.azure.checks import Deployment, at, opened
from terrace.live.azure.session import Absent

_OWNER = "another-team"


def inject_drift(environment: Environment, target: Target) -> list[Drift]:
    """See terrace.demo.inject_drift. Raises Absent for a resource that does not exist."""
    return changed(opened(environment, target))


def changed(deployment: Deployment) -> list[Drift]:
    """Make the changes."""
    drifts = [_retag(deployment), _allow_anonymous_reads(deployment), _delete_rule(deployment)]
    return [*drifts, _admit_keys(deployment)] if deployment.environment.streams else drifts


def _retag(deployment: Deployment) -> Drift:
    id = names.network_id(deployment.target)
    deployment.reader.patch(id, {"tags": {**network.network(deployment).get("tags", {}), "owner": _OWNER}})
    return Drift(
        kind="tag",
        description=f"tag owner of network {deployment.prefix} changed to {_OWNER}",
        resource=id,
        type="azurerm_virtual_network",
        path="network/",
        attribute="tags.owner",
        action="update",
    )


def _allow_anonymous_reads(deployment: Deployment) -> Drift:
    id, account = names.account_id(deployment.target, "silver"), names.bucket(deployment.target, "silver")
    deployment.get(id)  # Absent is clearer than the error of a patch
    deployment.reader.patch(id, {"properties": {"allowBlobPublicAccess": True}})
    return Drift(
        kind="public_access",
        description=f"public access of account {account} weakened: containers may become public",
        resource=id,
        type="azurerm_storage_account",
        path="lake/",
        attribute="allow_nested_items_to_be_public",
        action="update",
    )


def _delete_rule(deployment: Deployment) -> Drift:
    name = f"{deployment.prefix}-database"
    group = names.id(deployment.target, "Microsoft.Network/networkSecurityGroups", name)
    ingress = sorted(
        str(rule["name"])
        for rule in deployment.pages(f"{group}/securityRules")
        if at(rule, "direction") == "Inbound"
        and at(rule, "access") == "Allow"
        and str(rule["name"]).startswith("nodes-")
    )
    if not ingress:
        raise Absent(f"an ingress rule of security group {name}")
    deployment.reader.write(f"{group}/securityRules/{ingress[0]}", None)
    return Drift(
        kind="rule",
        description=f"rule {ingress[0]} of security group {name} deleted: workloads no longer reach PostgreSQL",
        resource=f"{group}/securityRules/{ingress[0]}",
        type="azurerm_network_security_rule",
        path="network/",
        attribute="",
        action="create",
    )


def _admit_keys(deployment: Deployment) -> Drift:
    id = names.streams_id(deployment.target)
    streams.namespace(deployment)  # Absent is clearer than the error of a patch
    deployment.reader.patch(id, {"properties": {"disableLocalAuth": False}})
    return Drift(
        kind="streams",
        description=f"streams {names.streams(deployment.target)} weakened: shared keys admit clients",
        resource=id,
        type="azurerm_eventhub_namespace",
        path="streams/",
        attribute="local_authentication_enabled",
        action="update",
    )
