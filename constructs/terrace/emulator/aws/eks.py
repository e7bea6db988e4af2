"""EKS: settings of clusters and node groups, add-ons, access entries, pod identities."""

import uuid
from typing import Any

import moto.eks.models as models
from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks.responses import EKSResponse

from terrace.emulator.aws.patch import Call, Function, operation, parameters_of, service_error, state_of, wrap

_ADDON_VERSIONS = {  # of Kubernetes 1.32; any other add-on gets a version in the same format
    "vpc-cni": "v1.19.2-eksbuild.1",
    "coredns": "v1.11.4-eksbuild.2",
    "kube-proxy": "v1.32.0-eksbuild.2",
    "aws-ebs-csi-driver": "v1.39.0-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.4-eksbuild.1",
}

_ADDON_NAMESPACES = {"amazon-cloudwatch-observability": "amazon-cloudwatch"}
"""The namespace of an add-on's pods, if it is not kube-system. Source: Amazon CloudWatch User Guide, "Install the
CloudWatch agent with the Amazon CloudWatch Observability EKS add-on"."""


def cluster_settings() -> None:
    """Stock moto drops access_config, upgrade_policy and zonal_shift_config, returns no VPC, cluster security group or
    health, and gives all clusters the same issuer of ten characters: each plan replaces the cluster."""

    @wrap(EKSResponse, "create_cluster")
    def create_cluster(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        cluster = self.eks_backend.clusters[parameters["name"]]
        access = parameters.get("accessConfig") or {}
        cluster.access_config = {
            "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
            "bootstrapClusterCreatorAdminPermissions": access.get("bootstrapClusterCreatorAdminPermissions", True),
        }
        cluster.upgrade_policy = parameters.get("upgradePolicy") or {"supportType": "EXTENDED"}
        cluster.zonal_shift_config = parameters.get("zonalShiftConfig")
        cluster.deletion_protection = parameters.get("deletionProtection", False)
        cluster.health = {"issues": []}
        # as long as on AWS and unique to the cluster: it names the OIDC provider
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
    """Stock moto overwrites the whole VPC configuration with the few values of an update, returns the cluster where the
    API returns an update, and lacks UpdateClusterVersion and DescribeUpdate, which the provider polls after every
    change."""

    @operation(EKSResponse)
    def update_cluster_config(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        cluster = call.backend.describe_cluster(parameters["name"])
        cluster.resources_vpc_config.update(parameters.get("resourcesVpcConfig") or {})
        for parameter, attribute in (
            ("logging", "logging"),
            ("upgradePolicy", "upgrade_policy"),
            ("zonalShiftConfig", "zonal_shift_config"),
        ):
            if parameters.get(parameter) is not None:
                setattr(cluster, attribute, parameters[parameter])
        if parameters.get("accessConfig"):
            cluster.access_config = {**getattr(cluster, "access_config", {}), **parameters["accessConfig"]}
        return {"update": update("ConfigUpdate")}

    @operation(EKSResponse)
    def update_cluster_version(call: Call) -> dict[str, Any]:
        """Source: Amazon EKS User Guide, "Update existing cluster to new Kubernetes version": one minor version."""
        cluster, wanted = call.backend.describe_cluster(call.parameters["name"]), call.parameters["version"]
        if int(wanted.partition(".")[2]) - int(cluster.version.partition(".")[2]) != 1:
            message = f"Unsupported Kubernetes minor version update from {cluster.version} to {wanted}"
            raise service_error("InvalidParameterException", message)
        cluster.version = wanted
        return {"update": update("VersionUpdate")}

    @operation(EKSResponse)
    def associate_encryption_config(call: Call) -> dict[str, Any]:
        cluster = call.backend.describe_cluster(call.parameters["clusterName"])
        cluster.encryption_config = call.parameters["encryptionConfig"]
        return {"update": update("AssociateEncryptionConfig")}

    @operation(EKSResponse)
    def describe_update(call: Call) -> dict[str, Any]:
        return {"update": {**update("ConfigUpdate"), "id": call.parameters["updateId"]}}


def addons() -> None:
    """Stock moto lacks the add-on operations: 404."""

    @operation(EKSResponse)
    def create_addon(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        cluster, name = _cluster(call), parameters["addonName"]
        addons = call.state("addons")
        if (cluster, name) in addons:
            raise service_error("ResourceInUseException", f"Addon already exists: {name}")
        arn = call.arn(f"addon/{cluster}/{name}/{uuid.uuid4()}")
        associations = [
            _associate(
                call,
                cluster,
                _ADDON_NAMESPACES.get(name, "kube-system"),
                entry["serviceAccount"],
                entry["roleArn"],
                owner=arn,
            )
            for entry in parameters.get("podIdentityAssociations") or []
        ]
        addons[cluster, name] = {
            "addonName": name,
            "clusterName": cluster,
            "status": "ACTIVE",
            "addonVersion": parameters.get("addonVersion") or _ADDON_VERSIONS.get(name, "v1.0.0-eksbuild.1"),
            "health": {"issues": []},
            "addonArn": arn,
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "serviceAccountRoleArn": parameters.get("serviceAccountRoleArn"),
            "configurationValues": parameters.get("configurationValues"),
            "podIdentityAssociations": [association["associationArn"] for association in associations],
            "tags": parameters.get("tags") or {},
        }
        return {"addon": addons[cluster, name]}

    @operation(EKSResponse)
    def describe_addon(call: Call) -> dict[str, Any]:
        return {"addon": _find(call, "addons", call.parameters["addonName"])}

    @operation(EKSResponse)
    def list_addons(call: Call) -> dict[str, Any]:
        cluster = _cluster(call)
        return {"addons": [name for owner, name in call.state("addons") if owner == cluster]}

    @operation(EKSResponse)
    def update_addon(call: Call) -> dict[str, Any]:
        addon = _find(call, "addons", call.parameters["addonName"])
        for name in ("addonVersion", "serviceAccountRoleArn", "configurationValues"):
            if call.parameters.get(name) is not None:
                addon[name] = call.parameters[name]
        return {"update": update("AddonUpdate")}

    @operation(EKSResponse)
    def delete_addon(call: Call) -> dict[str, Any]:
        addon = _find(call, "addons", call.parameters["addonName"])
        del call.state("addons")[addon["clusterName"], addon["addonName"]]
        associations = call.state("pod_identities")
        for key in [key for key, each in associations.items() if each.get("ownerArn") == addon["addonArn"]]:
            del associations[key]
        return {"addon": {**addon, "status": "DELETING"}}


def access_entries() -> None:
    """Stock moto lacks the operations for access entries and their policies: 404."""

    @operation(EKSResponse)
    def create_access_entry(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        cluster, principal = _cluster(call), parameters["principalArn"]
        entries = call.state("access_entries")
        if (cluster, principal) in entries:
            raise service_error("ResourceInUseException", f"The specified access entry already exists: {principal}")
        tail = f"role/{call.account}/{principal.rpartition('/')[2]}/{uuid.uuid4()}"
        entries[cluster, principal] = {
            "clusterName": cluster,
            "principalArn": principal,
            "kubernetesGroups": parameters.get("kubernetesGroups") or [],
            "accessEntryArn": call.arn(f"access-entry/{cluster}/{tail}"),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "tags": parameters.get("tags") or {},
            "username": parameters.get("username") or principal,
            "type": parameters.get("type") or "STANDARD",
        }
        return {"accessEntry": entries[cluster, principal]}

    @operation(EKSResponse)
    def describe_access_entry(call: Call) -> dict[str, Any]:
        return {"accessEntry": _find(call, "access_entries", call.parameters["principalArn"])}

    @operation(EKSResponse)
    def list_access_entries(call: Call) -> dict[str, Any]:
        cluster = _cluster(call)
        return {"accessEntries": [principal for owner, principal in call.state("access_entries") if owner == cluster]}

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
        del call.state("access_entries")[key]
        call.state("access_policies").pop(key, None)

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
        call.state("access_policies").setdefault(key, {})[policy["policyArn"]] = policy
        return {"clusterName": key[0], "principalArn": key[1], "associatedAccessPolicy": policy}

    @operation(EKSResponse)
    def list_associated_access_policies(call: Call) -> dict[str, Any]:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        key = entry["clusterName"], entry["principalArn"]
        policies = list(call.state("access_policies").get(key, {}).values())
        return {"clusterName": key[0], "principalArn": key[1], "associatedAccessPolicies": policies}

    @operation(EKSResponse)
    def disassociate_access_policy(call: Call) -> None:
        entry = _find(call, "access_entries", call.parameters["principalArn"])
        key = entry["clusterName"], entry["principalArn"]
        call.state("access_policies").get(key, {}).pop(call.parameters["policyArn"], None)


def pod_identities() -> None:
    """Stock moto lacks the operations for pod identity associations: 404."""

    @operation(EKSResponse)
    def create_pod_identity_association(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        association = _associate(
            call,
            _cluster(call),
            parameters["namespace"],
            parameters["serviceAccount"],
            parameters["roleArn"],
            tags=parameters.get("tags") or {},
        )
        return {"association": association}

    @operation(EKSResponse)
    def describe_pod_identity_association(call: Call) -> dict[str, Any]:
        return {"association": _find(call, "pod_identities", call.parameters["associationId"])}

    @operation(EKSResponse)
    def list_pod_identity_associations(call: Call) -> dict[str, Any]:
        criteria = {
            name: call.parameters[name]
            for name in ("clusterName", "namespace", "serviceAccount")
            if call.parameters.get(name)
        }
        associations = call.state("pod_identities").values()
        return {"associations": [each for each in associations if criteria.items() <= each.items()]}

    @operation(EKSResponse)
    def update_pod_identity_association(call: Call) -> dict[str, Any]:
        association = _find(call, "pod_identities", call.parameters["associationId"])
        association["roleArn"] = call.parameters.get("roleArn") or association["roleArn"]
        return {"association": association}

    @operation(EKSResponse)
    def delete_pod_identity_association(call: Call) -> dict[str, Any]:
        association = _find(call, "pod_identities", call.parameters["associationId"])
        del call.state("pod_identities")[association["clusterName"], association["associationId"]]
        return {"association": association}


def tags() -> None:
    """Stock moto supports tags of clusters only: changing a tag of a node group, add-on or access entry is a 404. It
    removes only the first of several tags."""

    def tags_of(backend: Any, arn: str) -> dict[str, str] | None:
        tags: dict[str, str]
        for cluster in backend.clusters.values():
            for group in cluster.nodegroups.values():
                if group.arn == arn:
                    tags = group.tags
                    return tags
        for name in ("addons", "access_entries", "pod_identities"):
            for each in state_of(backend, name).values():
                if arn in (each.get("addonArn"), each.get("accessEntryArn"), each.get("associationArn")):
                    tags = each["tags"]
                    return tags
        return None

    @wrap(models.EKSBackend, "tag_resource")
    def tag_resource(original: Function, self: Any, resource_arn: str, tags: dict[str, str]) -> None:
        current = tags_of(self, resource_arn)
        original(self, resource_arn, tags) if current is None else current.update(tags)

    @wrap(models.EKSBackend, "untag_resource")
    def untag_resource(original: Function, self: Any, resource_arn: str, tag_keys: list[str] | str) -> None:
        current = tags_of(self, resource_arn)
        if current is None:
            original(self, resource_arn, tag_keys)
            return
        for key in [tag_keys] if isinstance(tag_keys, str) else tag_keys:
            current.pop(key, None)

    @wrap(EKSResponse, "untag_resource")
    def untag_all(original: Function, self: Any) -> Any:
        keys = self.querystring.get("tagKeys", [])
        self.eks_backend.untag_resource(self._extract_arn_from_path(), keys)
        return EmptyResult()

    @wrap(models.EKSBackend, "list_tags_for_resource")
    def list_tags_for_resource(original: Function, self: Any, resource_arn: str) -> Any:
        current = tags_of(self, resource_arn)
        return original(self, resource_arn) if current is None else current


def _cluster(call: Call) -> str:
    name: str = call.parameters["clusterName"]
    call.backend.describe_cluster(name)  # or ResourceNotFoundException
    return name


def _find(call: Call, kind: str, key: str) -> dict[str, Any]:
    cluster = _cluster(call)
    entry: dict[str, Any] | None = call.state(kind).get((cluster, key))
    if entry is None:
        raise service_error("ResourceNotFoundException", f"no {kind.replace('_', ' ')} of {cluster} named {key}")
    return entry


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
    call.state("pod_identities")[cluster, identifier] = association
    return association


def update(kind: str) -> dict[str, Any]:
    """An update as EKS returns it, which is done at once."""
    return {"id": str(uuid.uuid4()), "status": "Successful", "type": kind, "createdAt": utcnow(), "errors": []}


PATCHES = (cluster_settings, cluster_updates, addons, access_entries, pod_identities, tags)
