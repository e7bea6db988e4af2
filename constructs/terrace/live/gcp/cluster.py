"""Checks of GKE (K8S-1 to K8S-9, K8S-11)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.calls import Absent
from terrace.capabilities.cluster import POOL_LABEL
from terrace.capabilities.spec import present
from terrace.gcp import names
from terrace.live.gcp import grants, keys, logs
from terrace.live.gcp.checks import Deployment, named

_LOGS = ("SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_BROAD = ("roles/owner", "roles/editor", "roles/viewer")


def cluster(deployment: Deployment) -> dict[str, Any]:
    """The cluster. Raises Absent."""
    name = names.cluster_id(deployment.target)
    return deployment.call("container", "projects.locations.clusters.get", name=name)


def _name(deployment: Deployment) -> str:
    return named(names.cluster_id(deployment.target))


def pools(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each pool of the environment, which its nodes' label names. Raises Absent."""
    if deployment.environment.cluster is None:
        return
    every = cluster(deployment).get("nodePools", [])
    found = {str(pool.get("config", {}).get("labels", {}).get(POOL_LABEL)): pool for pool in every}
    for name in deployment.environment.pools:
        if name not in found:
            raise Absent(f"pool {name} of cluster {_name(deployment)}")
        yield name, found[name]


@check("K8S-1")
def private_api(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment)
    yield equal(resource, "network", named(found.get("network")), deployment.network)
    nodes = found.get("networkConfig", {}).get("defaultEnablePrivateNodes") or found.get(
        "privateClusterConfig", {}
    ).get("enablePrivateNodes")
    yield equal(resource, "private nodes", bool(nodes), True)
    ends = found.get("controlPlaneEndpointsConfig", {})
    ranges = sorted(deployment.environment.api_ranges.values())
    by_address = ends.get("ipEndpointsConfig", {})
    yield equal(resource, "ipEndpointsConfig", by_address.get("enabled", True), bool(ranges))
    outside = ends.get("dnsEndpointConfig", {}).get("allowExternalTraffic", False)
    yield equal(resource, "allowExternalTraffic", outside, False)
    if ranges:
        callers = by_address.get("authorizedNetworksConfig") or found.get("masterAuthorizedNetworksConfig", {})
        blocks = sorted(str(one["cidrBlock"]) for one in callers.get("cidrBlocks", []))
        yield equal(resource, "authorizedNetworks", blocks, ranges)
        google = callers.get("gcpPublicCidrsAccessEnabled", False)
        yield equal(resource, "gcpPublicCidrsAccessEnabled", google, False)


@check("K8S-2")
def secrets_encrypted(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment).get("databaseEncryption", {})
    yield equal(resource, "databaseEncryption", found.get("state"), "ENCRYPTED")
    yield keys.sealed(deployment, resource, "keyName", found.get("keyName"), "cluster", "cluster")


@check("K8S-3")
def control_plane_logged(deployment: Deployment) -> Iterator[Observation]:
    found = cluster(deployment).get("loggingConfig", {}).get("componentConfig", {}).get("enableComponents", [])
    yield includes(f"cluster {_name(deployment)}", "logs", found, _LOGS)
    yield logs.kept(deployment, "cluster", deployment.environment.observability.retention_days)


@check("K8S-4")
def no_node_credentials(deployment: Deployment) -> Iterator[Observation]:
    pool = cluster(deployment).get("workloadIdentityConfig", {}).get("workloadPool")
    account = names.nodes(deployment.target)
    yield equal(f"cluster {_name(deployment)}", "workloadPool", pool, f"{names.account(deployment.target)}.svc.id.goog")
    for name, found in pools(deployment):
        resource, config = f"pool {name}", found.get("config", {})
        mode = config.get("workloadMetadataConfig", {}).get("mode")
        yield equal(resource, "workloadMetadataConfig", mode, "GKE_METADATA")
        legacy = config.get("metadata", {}).get("disable-legacy-endpoints")
        yield equal(resource, "disable-legacy-endpoints", legacy, "true")
        yield equal(resource, "serviceAccount", config.get("serviceAccount"), account)
    rights = grants.roles(grants.on_project(deployment), f"serviceAccount:{account}")
    yield empty("nodes", "broad roles", [role for role in rights if role in _BROAD])


@check("K8S-5")
def organisation_only(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment)
    group = found.get("authenticatorGroupsConfig", {}).get("securityGroup")
    yield equal(resource, "securityGroup", group, names.group(deployment.target, "gke-security-groups"))
    login = found.get("masterAuth", {})
    certificate = login.get("clientCertificateConfig", {}).get("issueClientCertificate", False)
    yield equal(resource, "issueClientCertificate", certificate, False)
    yield equal(resource, "password", bool(login.get("username") or login.get("clientKey")), False)
    yield equal(resource, "legacyAbac", found.get("legacyAbac", {}).get("enabled", False), False)
    anonymous = found.get("anonymousAuthenticationConfig", {}).get("mode")
    yield equal(resource, "anonymousAuthenticationConfig", anonymous, "LIMITED")


@check("K8S-6")
def pools_scale(deployment: Deployment) -> Iterator[Observation]:
    for name, found in pools(deployment):
        spec, scaling, resource = (
            deployment.environment.pools[name],
            found.get("autoscaling", {}),
            f"pool {name}",
        )
        if deployment.environment.cost.sleep is None or scaling.get(
            "enabled"
        ):  # autoscaling is off during the sleep schedule
            yield equal(resource, "autoscaling", scaling.get("enabled", False), True)
            yield equal(resource, "totalMinNodeCount", scaling.get("totalMinNodeCount", 0), spec.min_nodes)
            yield equal(resource, "totalMaxNodeCount", scaling.get("totalMaxNodeCount"), spec.max_nodes)
        yield equal(resource, "spot", bool(found.get("config", {}).get("spot")), spec.kind == "spot")
        if spec.dedicated:
            yield at_least(resource, "taints", len(found.get("config", {}).get("taints", [])), 1)


@check("K8S-7")
def supported(deployment: Deployment) -> Iterator[Observation]:
    resource, found = f"cluster {_name(deployment)}", cluster(deployment)
    expected, version = present(deployment.environment.cluster).version, str(found.get("currentMasterVersion"))
    same = version == expected or version.startswith((f"{expected}.", f"{expected}-"))
    yield Observation(resource, f"currentMasterVersion = {version}", same, expected)
    channel = found.get("releaseChannel", {}).get("channel")
    yield Observation(resource, f"releaseChannel = {channel}", channel in ("REGULAR", "STABLE"), "REGULAR or STABLE")
    window = found.get("maintenancePolicy", {}).get("window", {})
    kept = bool(window.get("recurringWindow") or window.get("dailyMaintenanceWindow"))
    yield equal(resource, "has a maintenance window", kept, True)
    for name, pool in pools(deployment):
        care = pool.get("management", {})
        yield equal(f"pool {name}", "autoRepair", care.get("autoRepair", False), True)
        yield equal(f"pool {name}", "autoUpgrade", care.get("autoUpgrade", False), True)


@check("K8S-8")
def policies_enforced(deployment: Deployment) -> Iterator[Observation]:
    found = cluster(deployment).get("networkConfig", {}).get("datapathProvider")
    yield equal(f"cluster {_name(deployment)}", "datapathProvider", found, "ADVANCED_DATAPATH")


@check("K8S-9")
def disks_and_images(deployment: Deployment) -> Iterator[Observation]:
    shielded = cluster(deployment).get("shieldedNodes", {}).get("enabled", False)
    yield equal(f"cluster {_name(deployment)}", "shieldedNodes", shielded, True)
    for name, pool in pools(deployment):
        resource, config = f"pool {name}", pool.get("config", {})
        yield keys.sealed(deployment, resource, "bootDiskKmsKey", config.get("bootDiskKmsKey"), "disks", "cluster")
        image = str(config.get("imageType"))
        yield Observation(resource, f"imageType = {image}", image.upper().startswith("COS"), "COS_CONTAINERD")
        shield = config.get("shieldedInstanceConfig", {})
        for flag in ("enableSecureBoot", "enableIntegrityMonitoring"):
            yield equal(resource, flag, shield.get(flag, False), True)


def deletion_denied(deployment: Deployment) -> dict[str, Any]:
    """The deny policy that refuses to delete clusters of the project. Raises Absent."""
    at = f"policies/cloudresourcemanager.googleapis.com%2F{deployment.project.replace('/', '%2F')}/denypolicies"
    return deployment.call("iam/v2", "policies.get", name=f"{at}/{deployment.prefix}-cluster")


@check("K8S-11")
def cannot_be_deleted(deployment: Deployment) -> Iterator[Observation]:
    if not present(deployment.environment.cluster).deletion_protection:
        raise NotRequired("cluster.deletion_protection is false")
    if deployment.target.existing.cluster:
        raise NotRequired("a deny policy of the owner is not known by its name")
    if not names.settings(deployment.target).owns_account:
        raise NotRequired("another environment of the project owns its deny policies (owns_account)")
    resource = f"deny policy {deployment.prefix}-cluster"
    rules = [one.get("denyRule", {}) for one in deletion_denied(deployment).get("rules", [])]
    denied = [right for rule in rules for right in rule.get("deniedPermissions", [])]
    yield includes(resource, "denied", denied, ["container.googleapis.com/clusters.delete"])
    excepted = [named(one) for rule in rules for one in rule.get("exceptionPrincipals", [])]
    yield equal(resource, "exceptions", excepted, [names.role_email(deployment.target, "ci-apply")])
    yield empty(resource, "conditions", [str(rule["denialCondition"]) for rule in rules if "denialCondition" in rule])
