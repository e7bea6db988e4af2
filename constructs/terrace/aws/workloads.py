"""AWS's half of the workloads: EKS Pod Identity, Secrets Manager, Route 53, EBS, RDS. Loads no CDK."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from terrace.aws import names
from terrace.aws.ranges import layout
from terrace.capabilities.outputs import Outputs
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import ENTRY, ENTRY_PORTS, DatabaseLogin, Endpoint, Party, PodIdentity

STORAGE_CLASS = "terrace"

METADATA: Sequence[Endpoint] = (Endpoint("169.254.170.23/32", (80,), "credentials of EKS Pod Identity"),)
"""The node's agent. Source: EKS User Guide, "EKS Pod Identity"; link-local address of the agent."""

NAME_SERVERS: Sequence[Endpoint] = ()

API_PODS: Mapping[str, str] = {}
"""The API server calls webhooks from its interfaces in the control subnets."""

CILIUM = False
"""The network add-on enforces policies. Source: EKS User Guide, "Limit Pod traffic with Kubernetes network
policies"."""

_ANYWHERE = "0.0.0.0/0"
_TOKEN = Path(__file__).with_name("database_token.sh")

_ROLES = """\\set ON_ERROR_STOP on
select format('create role %I login', module ->> 'role')
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as module
  where not exists (select from pg_roles where rolname = module ->> 'role') \\gexec
select format('grant rds_iam to %I', module ->> 'role')
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as module
  where not exists (
    select from pg_auth_members
    where roleid = (select oid from pg_roles where rolname = 'rds_iam')
      and member = (select oid from pg_roles where rolname = module ->> 'role')) \\gexec
"""
"""A role logs in with IAM as a member of rds_iam. Source: RDS User Guide, "Creating a database account using IAM
authentication"."""


def ranges(network: str, services: str) -> Mapping[Party, tuple[str, ...]]:
    """The control subnets hold the API server's interfaces and the private paths. S3 has public addresses, which the
    nodes' security group narrows to S3's prefix list. Pods call the API server at the first address of the services,
    which the network add-on compares before it is translated."""
    subnets = layout(network)
    return {
        "kubernetes-api": (*subnets.control, f"{IPv4Network(services)[1]}/32"),
        "nodes": subnets.nodes,
        "database": subnets.data,
        "cache": subnets.data,
        "streams": subnets.data,
        "cloud": (*subnets.control, _ANYWHERE),
        "entry": subnets.public,
    }


def pod_identity(identity: str, target: Target) -> PodIdentity:
    """Nothing: the foundation binds roles to service accounts by namespace and name (EKS Pod Identity)."""
    return PodIdentity()


def secret_store(*, namespace: str, account: str, identity: str, target: Target) -> Mapping[str, Any]:
    """Secrets Manager, read as the module's role, which external-secrets assumes (SEC-3): a service account's Pod
    Identity can't be used by another pod. Source: external-secrets documentation, "AWS Access", EKS Pod Identity."""
    return {"aws": {"service": "SecretsManager", "region": target.region, "role": identity}}


def secret_key(reference: str) -> str:
    """The ARN, which Secrets Manager accepts as a name."""
    return reference


def storage_class(target: Target) -> Mapping[str, Any]:
    """gp3, encrypted with the account's default key for EBS, which is the environment's (K8S-9). Source: AWS EBS CSI
    driver documentation, StorageClass parameters."""
    return {
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
    }


def dns_solver(outputs: Outputs, target: Target) -> Mapping[str, Any]:
    """Source: cert-manager documentation, "Route53", ambient credentials."""
    return {"route53": {"region": target.region, "hostedZoneID": outputs.dns_zone}}


def database_login(outputs: Outputs, target: Target) -> DatabaseLogin:
    """The master user with its secret; modules with a token that they sign themselves. The region's certificate
    authorities are downloaded: no image contains them. Sources: RDS User Guide, "Using SSL/TLS to encrypt a
    connection"; "Master user account privileges"; "Connecting using IAM authentication"."""
    return DatabaseLogin(
        password="secret",
        token=f"REGION={target.region}\n{_TOKEN.read_text(encoding='utf-8')}",
        authority=f"https://truststore.pki.rds.amazonaws.com/{target.region}/{target.region}-bundle.pem",
        verified=True,
        roles=_ROLES,
        reserved=("rds_",),
        administrators=("rds_superuser",),
    )


def values(outputs: Outputs, target: Target) -> Mapping[str, Any]:
    """What values.yaml.j2 may read as `cloud`. Sources: external-dns documentation, "AWS"; velero-plugin-for-aws,
    backupstoragelocation.md and volumesnapshotlocation.md."""
    return {
        "name": "aws",
        "account": names.account(target),
        "region": target.region,
        "storage_class": STORAGE_CLASS,
        "dns": {
            "provider": "aws",
            "settings": {
                "aws-zone-type": "public",
                "domain-filter": outputs.domain,
                "zone-id-filter": outputs.dns_zone,
            },
            "file": {},
        },
        "velero": {
            "provider": "aws",
            "plugin": "velero-plugin-for-aws",
            "bucket": outputs.buckets["backups"],
            "location": {"region": target.region},
            "snapshots": {"region": target.region},
        },
        "entry": _entry(outputs),
    }


def _entry(outputs: Outputs) -> dict[str, Any]:
    """The AWS Load Balancer Controller registers the pods in the foundation's target group. The foundation's security
    groups admit them, so the binding has no `networking`. Source: its documentation, "TargetGroupBinding"."""
    binding = {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": {"name": ENTRY},
        "spec": {
            "serviceRef": {"name": ENTRY, "port": ENTRY_PORTS["https"]},
            "targetGroupARN": outputs.entry,
            "targetType": "ip",
        },
    }
    return {"service": {"type": "ClusterIP", "annotations": {}}, "objects": [binding], "checked_on": "health"}
