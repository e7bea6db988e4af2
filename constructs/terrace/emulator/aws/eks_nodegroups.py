"""EKS: node groups."""

from typing import Any

import moto.eks.models as models
from moto.eks.responses import EKSResponse

from terrace.emulator.aws.eks import update
from terrace.emulator.aws.patch import Call, Function, operation, parameters_of, service_error, wrap


def settings() -> None:
    """Stock moto adds an SSH key, drops the update and repair settings, and always returns disk size 20 and Kubernetes
    1.19: each plan replaces the node group. It also accepts bounds that exclude the desired size, and fails to list the
    node groups of a cluster that does not exist."""

    @wrap(EKSResponse, "create_nodegroup")
    def create_nodegroup(original: Function, self: Any) -> Any:
        parameters = parameters_of(self)
        _require_bounds(parameters.get("scalingConfig") or {})
        result = original(self)
        cluster = self.eks_backend.clusters[parameters["clusterName"]]
        group = cluster.nodegroups[parameters["nodegroupName"]]
        group.update_config = parameters.get("updateConfig")
        group.node_repair_config = parameters.get("nodeRepairConfig")
        group.version = parameters.get("version") or cluster.version
        group.release_version = parameters.get("releaseVersion") or f"{group.version}.0-20250301"
        group.remote_access = parameters.get("remoteAccess")
        group.resources = {"autoScalingGroups": group.resources["autoScalingGroups"]}
        if parameters.get("launchTemplate"):
            group.disk_size = None  # the template's block devices set it
        return result

    @wrap(models.EKSBackend, "list_nodegroups")
    def list_nodegroups(original: Function, self: Any, cluster_name: str, *arguments: Any, **more: Any) -> Any:
        if cluster_name not in self.clusters:
            raise service_error("ResourceNotFoundException", f"No cluster found for name: {cluster_name}.")
        return original(self, cluster_name, *arguments, **more)

    @wrap(models.EKSBackend, "update_nodegroup_config")
    def update_nodegroup_config(original: Function, self: Any, **parameters: Any) -> Any:
        cluster = self.clusters.get(parameters["cluster_name"])
        group = cluster.nodegroups.get(parameters["nodegroup_name"]) if cluster else None
        _require_bounds({**(group.scaling_config if group else {}), **(parameters.get("scaling_config") or {})})
        return original(self, **parameters)

    @operation(EKSResponse)
    def update_nodegroup_version(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        group = call.backend.describe_nodegroup(parameters["clusterName"], parameters["nodegroupName"])
        group.version = parameters.get("version") or group.version
        group.release_version = parameters.get("releaseVersion") or f"{group.version}.0-20250301"
        if parameters.get("launchTemplate"):
            group.launch_template = {**(group.launch_template or {}), **parameters["launchTemplate"]}
        return {"update": update("VersionUpdate")}


def _require_bounds(scaling: dict[str, int]) -> None:
    """Refuse a size outside its bounds. Source: EKS API Reference, NodegroupScalingConfig; the service's messages."""
    least, most, now = (scaling.get(name) for name in ("minSize", "maxSize", "desiredSize"))
    if least is not None and now is not None and least > now:
        raise service_error(
            "InvalidParameterException", f"Minimum capacity {least} can't be greater than desired size {now}"
        )
    if most is not None and now is not None and now > most:
        raise service_error(
            "InvalidParameterException", f"Desired capacity {now} can't be greater than max size {most}"
        )


PATCHES = (settings,)
