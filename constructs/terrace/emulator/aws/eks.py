"""EKS: clusters and node groups that read back as they were asked for, add-ons, access entries, pod identities."""

import uuid
from typing import Any

import moto.eks.models as models
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks.responses import EKSResponse

from terrace.emulator.aws.patch import Call, Function, fault, operation, parameters_of, shelf, wrap

_ADDON_VERSIONS = {  # of Kubernetes 1.32; another add-on gets a version of the same form
    "vpc-cni": "v1.19.2-eksbuild.1",
    "coredns": "v1.11.4-eksbuild.2",
    "kube-proxy": "v1.32.0-eksbuild.2",
    "aws-ebs-csi-driver": "v1.39.0-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.4-eksbuild.1",
}


def cluster_settings() -> None:
    """Stock moto drops access_config, upgrade_policy and zonal_shift_config, tells no VPC and no cluster security
    group, gives all clusters one issuer of ten characters and one health-less state: the provider replaces the cluster
    on every plan."""

    @wrap(EKSResponse, "create_cluster")
    def create_cluster(original: Function, self: Any) -> Any:
        result = original(self)
        asked = parameters_of(self)
        cluster = self.eks_backend.clusters[asked["name"]]
        access = asked.get("accessConfig") or {}
        cluster.access_config = {
            "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
            "bootstrapClusterCreatorAdminPermissions": access.get("bootstrapClusterCreatorAdminPermissions", True),
        }
        cluster.upgrade_policy = asked.get("upgradePolicy") or {"supportType": "EXTENDED"}
        cluster.zonal_shift_config = asked.get("zonalShiftConfig")
        cluster.deletion_protection = asked.get("deletionProtection", False)
        cluster.health = {"issues": []}
        # as long as AWS's, and another cluster's is another one: it names the OIDC provider
        identifier = uuid.uuid5(uuid.NAMESPACE_URL, cluster.arn).hex.upper()
        cluster.identity = {"oidc": {"issuer": f"https://oidc.eks.{self.region}.amazonaws.com/id/{identifier}"}}
        vpc = cluster.resources_vpc_config
        vpc.setdefault("endpointPublicAccess", True)
        vpc.setdefault("endpointPrivateAccess", False)
        vpc.setdefault("publicAccessCidrs", ["0.0.0.0/0"] if vpc["endpointPublicAccess"] else [])
        vpc["clusterSecurityGroupId"] = f"sg-{uuid.uuid4().hex[:17]}"
        subnets = ec2_backends[self.current_account][self.region].describe_subnets(subnet_ids=vpc["subnetIds"])
        vpc["vpcId"] = subnets[0].vpc_id
        return result


def cluster_updates() -> None:
    """Stock moto overwrites the whole VPC configuration with the few values of an update, answers with the cluster
    where the API answers with an update, and knows neither UpdateClusterVersion nor DescribeUpdate, which the provider
    polls after every change."""

    @operation(EKSResponse)
    def update_cluster_config(call: Call) -> dict[str, Any]:
        asked = call.parameters
        cluster = call.backend.describe_cluster(asked["name"])
        cluster.resources_vpc_config.update(asked.get("resourcesVpcConfig") or {})
        for parameter, attribute in (
            ("logging", "logging"),
            ("upgradePolicy", "upgrade_policy"),
            ("zonalShiftConfig", "zonal_shift_config"),
        ):
            if asked.get(parameter) is not None:
                setattr(cluster, attribute, asked[parameter])
        if asked.get("accessConfig"):
            cluster.access_config = {**getattr(cluster, "access_config", {}), **asked["accessConfig"]}
        return {"update": _update("ConfigUpdate")}

    @operation(EKSResponse)
    def update_cluster_version(call: Call) -> dict[str, Any]:
        call.backend.describe_cluster(call.parameters["name"]).version = call.parameters["version"]
        return {"update": _update("VersionUpdate")}

    @operation(EKSResponse)
    def associate_encryption_config(call: Call) -> dict[str, Any]:
        cluster = call.backend.describe_cluster(call.parameters["clusterName"])
        cluster.encryption_config = call.parameters["encryptionConfig"]
        return {"update": _update("AssociateEncryptionConfig")}

    @operation(EKSResponse)
    def describe_update(call: Call) -> dict[str, Any]:
        return {"update": {**_update("ConfigUpdate"), "id": call.parameters["updateId"]}}


def nodegroup_settings() -> None:
    """Stock moto invents an SSH key, drops the update and repair settings, and reports disk size 20 and Kubernetes 1.19
    whatever was asked for: the provider replaces the node group on every plan."""

    @wrap(EKSResponse, "create_nodegroup")
    def create_nodegroup(original: Function, self: Any) -> Any:
        result = original(self)
        asked = parameters_of(self)
        cluster = self.eks_backend.clusters[asked["clusterName"]]
        group = cluster.nodegroups[asked["nodegroupName"]]
        group.update_config = asked.get("updateConfig")
        group.node_repair_config = asked.get("nodeRepairConfig")
        group.version = asked.get("version") or cluster.version
        group.release_version = asked.get("releaseVersion") or f"{group.version}.0-20250301"
        group.remote_access = asked.get("remoteAccess")
        group.resources = {"autoScalingGroups": group.resources["autoScalingGroups"]}
        if asked.get("launchTemplate"):
            group.disk_size = None  # the template's block devices say it
        return result

    @operation(EKSResponse)
    def update_nodegroup_version(call: Call) -> dict[str, Any]:
        asked = call.parameters
        group = call.backend.describe_nodegroup(asked["clusterName"], asked["nodegroupName"])
        group.version = asked.get("version") or group.version
        group.release_version = asked.get("releaseVersion") or f"{group.version}.0-20250301"
        if asked.get("launchTemplate"):
            group.launch_template = {**(group.launch_template or {}), **asked["launchTemplate"]}
        return {"update": _update("VersionUpdate")}


def addons() -> None:
    """Stock moto has no add-on operation: 404."""

    @operation(EKSResponse)
    def create_addon(call: Call) -> dict[str, Any]:
        asked = call.parameters
        cluster, name = _cluster(call), asked["addonName"]
        kept = call.shelf("addons")
        if (cluster, name) in kept:
            raise fault("ResourceInUseException", f"Addon already exists: {name}")
        arn = call.arn(f"addon/{cluster}/{name}/{uuid.uuid4()}")
        owned = [
            _associate(call, cluster, "kube-system", entry["serviceAccount"], entry["roleArn"], owner=arn)
            for entry in asked.get("podIdentityAssociations") or []
        ]
        kept[cluster, name] = {
            "addonName": name,
            "clusterName": cluster,
            "status": "ACTIVE",
            "addonVersion": asked.get("addonVersion") or _ADDON_VERSIONS.get(name, "v1.0.0-eksbuild.1"),
            "health": {"issues": []},
            "addonArn": arn,
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "serviceAccountRoleArn": asked.get("serviceAccountRoleArn"),
            "configurationValues": asked.get("configurationValues"),
            "podIdentityAssociations": [association["associationArn"] for association in owned],
            "tags": asked.get("tags") or {},
        }
        return {"addon": kept[cluster, name]}

    @operation(EKSResponse)
    def describe_addon(call: Call) -> dict[str, Any]:
        return {"addon": _find(call, "addons", call.parameters["addonName"])}

    @operation(EKSResponse)
    def list_addons(call: Call) -> dict[str, Any]:
        cluster = _cluster(call)
        return {"addons": [name for owner, name in call.shelf("addons") if owner == cluster]}

    @operation(EKSResponse)
    def update_addon(call: Call) -> dict[str, Any]:
        addon = _find(call, "addons", call.parameters["addonName"])
        for name in ("addonVersion", "serviceAccountRoleArn", "configurationValues"):
            if call.parameters.get(name) is not None:
                addon[name] = call.parameters[name]
        return {"update": _update("AddonUpdate")}

    @operation(EKSResponse)
    def delete_addon(call: Call) -> dict[str, Any]:
        addon = _find(call, "addons", call.parameters["addonName"])
        del call.shelf("addons")[addon["clusterName"], addon["addonName"]]
        associations = call.shelf("pod_identities")
        for key in [key for key, kept in associations.items() if kept.get("ownerArn") == addon["addonArn"]]:
            del associations[key]
        return {"addon": {**addon, "status": "DELETING"}}


def access_entries() -> None:
    """Stock moto has no operation for access entries and their policies: 404."""

    @operation(EKSResponse)
    def create_access_entry(call: Call) -> dict[str, Any]:
        asked = call.parameters
        cluster, principal = _cluster(call), asked["principalArn"]
        kept = call.shelf("access_entries")
        if (cluster, principal) in kept:
            raise fault("ResourceInUseException", f"The specified access entry already exists: {principal}")
        tail = f"role/{call.account}/{principal.rpartition('/')[2]}/{uuid.uuid4()}"
        kept[cluster, principal] = {
            "clusterName": cluster,
            "principalArn": principal,
            "kubernetesGroups": asked.get("kubernetesGroups") or [],
            "accessEntryArn": call.arn(f"access-entry/{cluster}/{tail}"),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "tags": asked.get("tags") or {},
            "username": asked.get("username") or principal,
            "type": asked.get("type") or "STANDARD",
        }
        return {"accessEntry": kept[cluster, principal]}

    @operation(EKSResponse)
    def describe_access_entry(call: Call) -> dict[str, Any]:
        return {"accessEntry": _find(call, "access_entries", call.parameters["principalArn"])}

    @operation(EKSResponse)
    def list_access_entries(call: Call) -> dict[str, Any]:
        cluster = _cluster(call)
        return {"accessEntries": [principal for owner, principal in call.shelf("access_entries") if owner == cluster]}

    @operation(EKSResponse)
    def update_access_entry(call: Call) -> dict[str, Any]:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        for name in ("kubernetesGroups", "username"):
            if call.parameters.get(name) is not None:
                entry[name] = call.parameters[name]
        return {"accessEntry": entry}

    @operation(EKSResponse)
    def delete_access_entry(call: Call) -> None:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        key = entry["clusterName"], entry["principalArn"]
        del call.shelf("access_entries")[key]
        call.shelf("access_policies").pop(key, None)

    @operation(EKSResponse)
    def associate_access_policy(call: Call) -> dict[str, Any]:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        policy = {
            "policyArn": call.parameters["policyArn"],
            "accessScope": call.parameters["accessScope"],
            "associatedAt": utcnow(),
            "modifiedAt": utcnow(),
        }
        key = entry["clusterName"], entry["principalArn"]
        call.shelf("access_policies").setdefault(key, {})[policy["policyArn"]] = policy
        return {"clusterName": key[0], "principalArn": key[1], "associatedAccessPolicy": policy}

    @operation(EKSResponse)
    def list_associated_access_policies(call: Call) -> dict[str, Any]:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        key = entry["clusterName"], entry["principalArn"]
        policies = list(call.shelf("access_policies").get(key, {}).values())
        return {"clusterName": key[0], "principalArn": key[1], "associatedAccessPolicies": policies}

    @operation(EKSResponse)
    def disassociate_access_policy(call: Call) -> None:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        key = entry["clusterName"], entry["principalArn"]
        call.shelf("access_policies").get(key, {}).pop(call.parameters["policyArn"], None)


def pod_identities() -> None:
    """Stock moto has no operation for pod identity associations: 404."""

    @operation(EKSResponse)
    def create_pod_identity_association(call: Call) -> dict[str, Any]:
        asked = call.parameters
        association = _associate(
            call,
            _cluster(call),
            asked["namespace"],
            asked["serviceAccount"],
            asked["roleArn"],
            tags=asked.get("tags") or {},
        )
        return {"association": association}

    @operation(EKSResponse)
    def describe_pod_identity_association(call: Call) -> dict[str, Any]:
        return {"association": _find(call, "pod_identities", call.parameters["associationId"])}

    @operation(EKSResponse)
    def list_pod_identity_associations(call: Call) -> dict[str, Any]:
        wanted = {
            name: call.parameters[name]
            for name in ("clusterName", "namespace", "serviceAccount")
            if call.parameters.get(name)
        }
        found = call.shelf("pod_identities").values()
        return {"associations": [kept for kept in found if wanted.items() <= kept.items()]}

    @operation(EKSResponse)
    def update_pod_identity_association(call: Call) -> dict[str, Any]:
        association = _find(call, "pod_identities", call.parameters["associationId"])
        association["roleArn"] = call.parameters.get("roleArn") or association["roleArn"]
        return {"association": association}

    @operation(EKSResponse)
    def delete_pod_identity_association(call: Call) -> dict[str, Any]:
        association = _find(call, "pod_identities", call.parameters["associationId"])
        del call.shelf("pod_identities")[association["clusterName"], association["associationId"]]
        return {"association": association}


def tags() -> None:
    """Stock moto tags clusters only: a changed tag of a node group, add-on or access entry is a 404."""

    def tagged(backend: Any, arn: str) -> dict[str, str] | None:
        for cluster in backend.clusters.values():
            for group in cluster.nodegroups.values():
                if group.arn == arn:
                    found: dict[str, str] = group.tags
                    return found
        for name in ("addons", "access_entries", "pod_identities"):
            for kept in shelf(backend, name).values():
                if arn in (kept.get("addonArn"), kept.get("accessEntryArn"), kept.get("associationArn")):
                    found = kept["tags"]
                    return found
        return None

    @wrap(models.EKSBackend, "tag_resource")
    def tag_resource(original: Function, self: Any, resource_arn: str, tags: dict[str, str]) -> None:
        found = tagged(self, resource_arn)
        original(self, resource_arn, tags) if found is None else found.update(tags)

    @wrap(models.EKSBackend, "untag_resource")
    def untag_resource(original: Function, self: Any, resource_arn: str, tag_keys: list[str] | str) -> None:
        found = tagged(self, resource_arn)
        if found is None:
            original(self, resource_arn, tag_keys)
            return
        for key in [tag_keys] if isinstance(tag_keys, str) else tag_keys:
            found.pop(key, None)

    @wrap(models.EKSBackend, "list_tags_for_resource")
    def list_tags_for_resource(original: Function, self: Any, resource_arn: str) -> Any:
        found = tagged(self, resource_arn)
        return original(self, resource_arn) if found is None else found


def _cluster(call: Call) -> str:
    name: str = call.parameters["clusterName"]
    call.backend.describe_cluster(name)  # or ResourceNotFoundException
    return name


def _find(call: Call, kind: str, key: str) -> dict[str, Any]:
    cluster = _cluster(call)
    found: dict[str, Any] | None = call.shelf(kind).get((cluster, key))
    if found is None:
        raise fault("ResourceNotFoundException", f"no {kind.replace('_', ' ')} of {cluster} named {key}")
    return found


def _associate(
    call: Call,
    cluster: str,
    namespace: str,
    service_account: str,
    role: str,
    *,
    owner: str | None = None,
    tags: dict[str, str] | None = None,
) -> dict[str, Any]:
    identifier = f"a-{uuid.uuid4().hex[:17]}"
    association = {
        "clusterName": cluster,
        "namespace": namespace,
        "serviceAccount": service_account,
        "roleArn": role,
        "associationArn": call.arn(f"podidentityassociation/{cluster}/{identifier}"),
        "associationId": identifier,
        "ownerArn": owner,
        "tags": tags or {},
        "createdAt": utcnow(),
        "modifiedAt": utcnow(),
    }
    call.shelf("pod_identities")[cluster, identifier] = association
    return association


def _update(kind: str) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "status": "Successful", "type": kind, "createdAt": utcnow(), "errors": []}


PATCHES = (cluster_settings, cluster_updates, nodegroup_settings, addons, access_entries, pod_identities, tags)
