"""Breaks of the guarantees about the cluster and the registry."""

from typing import Any

from terrace.azure import names
from tests.live.azure.breaks import breaks
from tests.live.azure.site import Site


def _change_cluster(site: Site, **properties: Any) -> None:
    site.change(names.cluster_id(site.target), **properties)


def _change_pool(site: Site, **properties: Any) -> None:
    site.change(f"{names.cluster_id(site.target)}/agentPools/general", **properties)


@breaks("K8S-1")
def api_is_outside_the_network(site: Site) -> None:
    _change_cluster(site, apiServerAccessProfile__enableVnetIntegration=False)


@breaks("K8S-2")
def kubernetes_secrets_are_not_encrypted(site: Site) -> None:
    _change_cluster(site, securityProfile__azureKeyVaultKms={"enabled": False})


@breaks("K8S-3")
def audit_log_is_off(site: Site) -> None:
    site.stop_logs(names.cluster_id(site.target), "kube-audit")


@breaks("K8S-4")
def workload_identity_is_off(site: Site) -> None:
    _change_cluster(site, securityProfile__workloadIdentity={"enabled": False})


@breaks("K8S-5")
def local_accounts_are_on(site: Site) -> None:
    _change_cluster(site, disableLocalAccounts=False)


@breaks("K8S-6")
def pool_cannot_grow(site: Site) -> None:
    _change_pool(site, maxCount=site.environment.cluster.pools["general"].min_nodes)


@breaks("K8S-7")
def cluster_is_not_upgraded(site: Site) -> None:
    _change_cluster(site, autoUpgradeProfile={"upgradeChannel": "none", "nodeOSUpgradeChannel": "NodeImage"})


@breaks("K8S-8")
def network_policies_are_not_enforced(site: Site) -> None:
    _change_cluster(site, networkProfile__networkPolicy="none")


@breaks("K8S-9")
def pool_has_no_encryption_at_host(site: Site) -> None:
    _change_pool(site, enableEncryptionAtHost=False)


@breaks("K8S-10")
def registry_has_an_admin_password(site: Site) -> None:
    registry = names.id(site.target, "Microsoft.ContainerRegistry/registries", names.registry(site.target))
    site.change(registry, adminUserEnabled=True)


@breaks("K8S-11")
def cluster_has_no_lock(site: Site) -> None:
    site.delete(f"{names.cluster_id(site.target)}/providers/Microsoft.Authorization/locks/keep-cluster")
