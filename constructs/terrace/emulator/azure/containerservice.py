"""Microsoft.ContainerService: clusters and node pools."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import cluster as refused
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.store import Body


def _nodes_group(resource: Resource) -> str:
    name = resource.get("nodeResourceGroup") or f"MC_{resource.id.group}_{resource.id.name}_{resource.location}"
    return str(name)


def _node_resource_group(resource: Resource) -> Mapping[str, Body]:
    """Azure creates a group for the nodes and deletes it with the cluster."""
    path = f"/subscriptions/{resource.id.subscription}/resourceGroups/{_nodes_group(resource)}"
    return {path: {"location": resource.location, "managedBy": resource.id.path}}


def _host(resource: Resource) -> str:
    prefix = resource.get("dnsPrefix") or resource.get("fqdnSubdomain") or resource.id.name
    private = resource.get("apiServerAccessProfile.enablePrivateCluster")
    return f"{prefix}-{resource.hash}.{'privatelink.' if private else 'hcp.'}{resource.location}.azmk8s.io"


def _cluster(view: Body, resource: Resource) -> None:
    """Names and identities that Azure assigns."""
    properties = view["properties"]
    private = resource.get("apiServerAccessProfile.enablePrivateCluster")
    properties["privateFQDN" if private else "fqdn"] = _host(resource)
    properties["nodeResourceGroup"] = _nodes_group(resource)
    properties["powerState"] = {"code": resource.get("powerState.code", "Running")}
    properties["currentKubernetesVersion"] = f"{resource.get('kubernetesVersion', '1.34')}.0"
    for addon in (properties.get("addonProfiles") or {}).values():
        if addon.get("enabled"):  # each add-on has its own identity
            ids = {"clientId": resource.guid("addon-client"), "objectId": resource.guid("addon")}
            addon["identity"] = {"resourceId": resource.id.path, **ids}
    if resource.get("oidcIssuerProfile.enabled"):
        issuer = (
            f"https://{resource.location}.oic.prod-aks.azure.com/{resource.store.tenant}/{resource.guid('issuer')}/"
        )
        properties["oidcIssuerProfile"]["issuerURL"] = issuer


def _pool(resource: Resource) -> Body:
    version = resource.get("orchestratorVersion") or resource.parent.get("properties", {}).get(
        "kubernetesVersion", "1.34"
    )
    computed: Body = {
        "currentOrchestratorVersion": f"{version}.0",
        "nodeImageVersion": "AKSAzureLinux-V3gen2-202601.01.0",
    }
    if resource.get("enableAutoScaling"):  # the autoscaler enforces the minimum
        computed["count"] = max(resource.get("count", 0), resource.get("minCount", 0))
    return computed


def _credentials(resource: Resource, body: Any) -> tuple[int, Any]:
    """A kubeconfig that signs in with Entra, as JSON, which is also YAML."""
    name = resource.id.name
    login = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin", "args": ["get-token"]}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"https://{_host(resource)}:443"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": f"clusterUser_{resource.id.group}_{name}"}}],
        "users": [{"name": f"clusterUser_{resource.id.group}_{name}", "user": {"exec": login}}],
    }
    value = base64.b64encode(json.dumps(config).encode()).decode()
    return 200, {"kubeconfigs": [{"name": "clusterUser", "value": value}]}


def _versions(resource: Resource, body: Any) -> tuple[int, Any]:
    """A pool's version is the control plane's or slightly older. The provider reads these before it creates a pool."""
    major, minor = (int(number) for number in str(resource.get("kubernetesVersion", "1.34")).split(".")[:2])
    versions = [
        {"kubernetesVersion": f"{major}.{number}.0", "default": number == minor}
        for number in range(minor - 2, minor + 1)
    ]
    return 200, {"id": f"{resource.id.path}/availableAgentPoolVersions", "properties": {"agentPoolVersions": versions}}


def _power(code: str) -> Any:
    def action(resource: Resource, body: Any) -> tuple[int, Any]:
        resource.body["properties"]["powerState"] = {"code": code}
        return 202, None

    return action


_CLUSTER = "Microsoft.ContainerService/managedClusters"
KINDS = {
    _CLUSTER: Kind(
        operation=201,
        flat={"agentPoolProfiles": "agentPools"},
        shape=_cluster,
        creates=_node_resource_group,
        required=(".location",),
        rules=(*refused.CLUSTER, keys.cluster),
        actions={
            "listclusterusercredential": _credentials,
            "listclusteradmincredential": refused.admin_credentials(_credentials),
            "get availableagentpoolversions": _versions,
            "start": _power("Running"),
            "stop": _power("Stopped"),
        },
    ),
    f"{_CLUSTER}/agentPools": Kind(operation=201, computed=_pool, rules=refused.POOL, delete_rules=refused.POOL_DELETE),
    f"{_CLUSTER}/maintenanceConfigurations": Kind(stateless=True),
}
