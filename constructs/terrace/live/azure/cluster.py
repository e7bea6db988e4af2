"""Checks of AKS (K8S-1 to K8S-9, K8S-11)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal, includes
from terrace.azure import names
from terrace.capabilities.spec import present
from terrace.live.azure import keys
from terrace.live.azure.checks import Deployment, at, named
from terrace.live.azure.lookup import diagnostics, locks, logged, sent, workspace_keeps
from terrace.live.azure.session import Absent

_LOG_TYPES = ("kube-apiserver", "kube-audit", "kube-controller-manager", "kube-scheduler", "guard")
_WINDOWS = ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")


def cluster(deployment: Deployment) -> dict[str, Any]:
    """The control plane. Raises Absent."""
    return deployment.get(names.cluster_id(deployment.target))


def _name(deployment: Deployment) -> str:
    return named(names.cluster_id(deployment.target))


def pools(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each pool of the environment and its body. Raises Absent."""
    if deployment.environment.cluster is None:
        return
    found = {str(one.get("name")): one for one in at(cluster(deployment), "agentPoolProfiles", [])}
    for name in deployment.environment.pools:
        flat = name.replace("-", "")
        if flat not in found:
            raise Absent(f"node pool {flat} of cluster {_name(deployment)}")
        yield name, found[flat]


@check("K8S-1")
def private_api(deployment: Deployment) -> Iterator[Observation]:
    resource, access = f"cluster {_name(deployment)}", at(cluster(deployment), "apiServerAccessProfile", {})
    ranges = sorted(deployment.environment.api_ranges.values())
    yield equal(resource, "enablePrivateCluster", bool(access.get("enablePrivateCluster")), not ranges)
    yield equal(resource, "enableVnetIntegration", access.get("enableVnetIntegration"), True)
    yield equal(resource, "authorizedIPRanges", sorted(access.get("authorizedIPRanges") or []), ranges)


@check("K8S-2")
def secrets_encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource, sealed = f"cluster {_name(deployment)}", at(cluster(deployment), "securityProfile.azureKeyVaultKms", {})
    yield equal(resource, "azureKeyVaultKms", sealed.get("enabled"), True)
    yield keys.sealed(deployment, resource, "azureKeyVaultKms", sealed.get("keyId"), "cluster", "cluster")


@check("K8S-3")
def control_plane_logged(deployment: Deployment) -> Iterator[Observation]:
    if deployment.target.existing.cluster:  # its owner keeps them elsewhere
        categories = sent(diagnostics(deployment, names.cluster_id(deployment.target)))
        complete = "allLogs" in categories
        yield includes(f"cluster {_name(deployment)}", "logs", _LOG_TYPES if complete else categories, _LOG_TYPES)
        return
    yield logged(deployment, f"cluster {_name(deployment)}", names.cluster_id(deployment.target), _LOG_TYPES)
    yield workspace_keeps(deployment, min(deployment.environment.observability.retention_days, 730))


@check("K8S-4")
def workload_identity(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment)
    yield equal(resource, "oidcIssuerProfile", at(found, "oidcIssuerProfile.enabled"), True)
    yield equal(resource, "workloadIdentity", at(found, "securityProfile.workloadIdentity.enabled"), True)


@check("K8S-5")
def organisation_only(deployment: Deployment) -> Iterator[Observation]:
    resource, found, settings = f"cluster {_name(deployment)}", cluster(deployment), names.settings(deployment.target)
    yield equal(resource, "disableLocalAccounts", at(found, "disableLocalAccounts"), True)
    yield equal(resource, "enableAzureRBAC", at(found, "aadProfile.enableAzureRBAC"), True)
    yield equal(resource, "tenantID", at(found, "aadProfile.tenantID"), settings.tenant_id)
    groups = at(found, "aadProfile.adminGroupObjectIDs", [])
    yield equal(resource, "adminGroupObjectIDs", groups, [settings.admin_group_id])
    yield equal(resource, "disableRunCommand", at(found, "apiServerAccessProfile.disableRunCommand"), True)


@check("K8S-6")
def pools_scale(deployment: Deployment) -> Iterator[Observation]:
    for name, pool in pools(deployment):
        spec, resource = deployment.environment.pools[name], f"pool {name}"
        yield equal(resource, "enableAutoScaling", pool.get("enableAutoScaling"), True)
        # AKS's system pool is never empty
        least = max(spec.min_nodes, 1) if pool.get("mode") == "System" else spec.min_nodes
        yield equal(resource, "minCount", pool.get("minCount"), least)
        yield equal(resource, "maxCount", pool.get("maxCount"), spec.max_nodes)
        expected = "Spot" if spec.kind == "spot" else "Regular"
        yield equal(resource, "scaleSetPriority", pool.get("scaleSetPriority") or "Regular", expected)
        if spec.dedicated:
            yield at_least(resource, "nodeTaints", len(pool.get("nodeTaints") or []), 1)


@check("K8S-7")
def supported_and_patched(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment)
    version = str(at(found, "kubernetesVersion"))
    expected = present(deployment.environment.cluster).version  # AKS may return the patch version too
    yield Observation(resource, f"kubernetesVersion = {version}", f"{version}.".startswith(f"{expected}."), expected)
    channel = at(found, "autoUpgradeProfile.upgradeChannel")
    yield Observation(resource, f"upgradeChannel = {channel}", channel in ("patch", "stable"), "patch or stable")
    images = at(found, "autoUpgradeProfile.nodeOSUpgradeChannel")
    good = images in ("NodeImage", "SecurityPatch")
    yield Observation(resource, f"nodeOSUpgradeChannel = {images}", good, "NodeImage")
    for name in _WINDOWS:
        window = deployment.get(f"{names.cluster_id(deployment.target)}/maintenanceConfigurations/{name}")
        schedule = at(window, "maintenanceWindow.schedule.weekly", {})
        yield equal(f"{resource} {name}", "weeks between maintenance windows", schedule.get("intervalWeeks"), 1)


@check("K8S-8")
def policies_enforced(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment)
    for name in ("networkPolicy", "networkDataplane"):
        yield equal(resource, name, at(found, f"networkProfile.{name}"), "cilium")


@check("K8S-9")
def disks_and_images(deployment: Deployment) -> Iterator[Observation]:
    disks = at(cluster(deployment), "diskEncryptionSetID")
    resource = f"disk encryption set {named(disks)}"
    if disks is None:
        yield Observation(
            f"cluster {_name(deployment)}",
            "diskEncryptionSetID = unset",
            False,
            "the environment's disk encryption set",
        )
    else:
        key = at(deployment.get(disks), "activeKey.keyUrl")
        yield keys.sealed(deployment, resource, "activeKey", key, "disks", "cluster")
    for name, pool in pools(deployment):
        yield equal(f"pool {name}", "enableEncryptionAtHost", pool.get("enableEncryptionAtHost"), True)
        yield equal(f"pool {name}", "osSKU", pool.get("osSKU"), "AzureLinux")


@check("K8S-11")
def protected(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.cluster).deletion_protection:
        raise NotRequired("cluster.deletion_protection is false")
    levels = [level for _, level in locks(deployment, names.cluster_id(deployment.target))]
    yield includes(f"cluster {_name(deployment)}", "locks", levels, ["CanNotDelete"])
