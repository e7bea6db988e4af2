"""Breaks of the guarantees about the cluster and the registry."""

from typing import Any

from terrace.gcp import names
from terrace.live.gcp import cluster
from tests.live.gcp.breaks import breaks
from tests.live.gcp.site import Site

_POOLS = "projects.locations.clusters.nodePools"
_ASSIGNED = ("selfLink", "status", "etag", "instanceGroupUrls", "podIpv4CidrSize", "version")


def recreate_pool(site: Site, **changes: Any) -> None:
    """Delete the general pool and create it again; `config__x` changes a field of its nodes."""
    parent = names.cluster_id(site.target)
    name = _general(site)
    pool = site.deployment.call("container", f"{_POOLS}.get", name=name)
    pool = {field: value for field, value in pool.items() if field not in _ASSIGNED}
    for path, value in changes.items():
        field, _, inner = path.partition("__")
        pool[field] = {**pool[field], inner: value} if inner else value
    site.do("container", f"{_POOLS}.delete", name=name)
    site.do("container", f"{_POOLS}.create", parent=parent, body={"nodePool": pool})


def _general(site: Site) -> str:
    """The general pool's id."""
    return f"{names.cluster_id(site.target)}/nodePools/{dict(cluster.pools(site.deployment))['general']['name']}"


def _update_cluster(site: Site, **desired: Any) -> None:
    name = names.cluster_id(site.target)
    site.do("container", "projects.locations.clusters.update", name=name, body={"update": desired})


@breaks("K8S-1")
def api_has_an_ip_endpoint(site: Site) -> None:
    _update_cluster(site, desiredControlPlaneEndpointsConfig={"ipEndpointsConfig": {"enabled": True}})


@breaks("K8S-2")
def kubernetes_secrets_have_googles_key(site: Site) -> None:
    _update_cluster(site, desiredDatabaseEncryption={"state": "DECRYPTED"})


@breaks("K8S-3")
def api_server_is_not_logged(site: Site) -> None:
    _update_cluster(site, desiredLoggingConfig={"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}})


@breaks("K8S-4")
def pods_reach_the_metadata_service(site: Site) -> None:
    recreate_pool(site, config__workloadMetadataConfig={"mode": "GCE_METADATA"})


@breaks("K8S-5")
def anonymous_requests_are_allowed(site: Site) -> None:
    _update_cluster(site, desiredAnonymousAuthenticationConfig={"mode": "ENABLED"})


@breaks("K8S-6")
def pool_cannot_grow(site: Site) -> None:
    least = site.environment.cluster.pools["general"].min_nodes
    bounds = {"enabled": True, "totalMinNodeCount": least, "totalMaxNodeCount": least}
    site.do("container", f"{_POOLS}.setAutoscaling", name=_general(site), body={"autoscaling": bounds})


@breaks("K8S-7")
def release_channel_is_rapid(site: Site) -> None:
    _update_cluster(site, desiredReleaseChannel={"channel": "RAPID"})


@breaks("K8S-8")
def network_policies_are_not_enforced(site: Site) -> None:
    _update_cluster(site, desiredDatapathProvider="LEGACY_DATAPATH")


@breaks("K8S-9")
def nodes_boot_without_secure_boot(site: Site) -> None:
    shield = {"enableSecureBoot": False, "enableIntegrityMonitoring": True}
    recreate_pool(site, config__shieldedInstanceConfig=shield)


@breaks("K8S-10")
def image_tags_are_mutable(site: Site) -> None:
    site.do(
        "artifactregistry",
        "projects.locations.repositories.patch",
        name=f"{site.place}/repositories/{site.prefix}-airflow",
        updateMask="dockerConfig",
        body={"dockerConfig": {"immutableTags": False}},
    )


@breaks("K8S-11")
def cluster_can_be_deleted(site: Site) -> None:
    at = f"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{site.account}/denypolicies"
    site.do("iam/v2", "policies.delete", name=f"{at}/{site.prefix}-cluster")
