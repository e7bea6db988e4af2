"""Google Cloud's half of the workloads: Workload Identity, Secret Manager, Cloud DNS, persistent disks, Cloud SQL.
Loads no CDK."""

import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import ENTRY_PORTS, DatabaseLogin, Endpoint, Party, PodIdentity
from terrace.gcp import names
from terrace.gcp.ranges import GOOGLE_APIS, LOAD_BALANCERS, layout

STORAGE_CLASS = "terrace"

METADATA: Sequence[Endpoint] = (Endpoint("169.254.169.254/32", (80,), "credentials of the GKE metadata server"),)
"""Source: GKE documentation, "Control communication between Pods and Services using network policies", Workload
Identity with Dataplane V2."""

NAME_SERVERS: Sequence[Endpoint] = (
    Endpoint("169.254.20.10/32", (53,), "NodeLocal DNSCache"),
    Endpoint("169.254.169.254/32", (53,), "Cloud DNS"),
)
"""Source: GKE documentation, "NodeLocal DNSCache", "Cloud DNS for GKE"."""

API_PODS: Mapping[str, str] = {"k8s-app": "konnectivity-agent"}
"""The API server reaches pods through these. Source: GKE documentation, "Konnectivity proxy"."""

CILIUM = True
"""GKE Dataplane V2."""

_TOKEN = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token"
_ROLES = """\\set ON_ERROR_STOP on
select format('alter role %I login', module ->> 'role')
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as module
  where not exists (select from pg_roles where rolname = module ->> 'role') \\gexec
"""
"""The foundation makes the users, with roles of Cloud SQL that only its API grants. A missing user is an error."""


def ranges(network: str, services: str) -> Mapping[Party, tuple[str, ...]]:
    """Services have a range of the network. Google's load balancers and APIs are outside."""
    subnets = layout(network)
    return {
        "kubernetes-api": (subnets.control, f"{IPv4Network(subnets.services)[1]}/32"),
        "nodes": (subnets.nodes,),
        "database": (subnets.data,),
        "cache": (subnets.data,),
        "streams": (subnets.data,),
        "cloud": (GOOGLE_APIS,),
        "entry": LOAD_BALANCERS,
    }


def pod_identity(identity: str, target: Target) -> PodIdentity:
    """Source: GKE documentation, "Authenticate to Google Cloud APIs from GKE workloads", link to IAM service
    accounts."""
    return PodIdentity(annotations={"iam.gke.io/gcp-service-account": identity})


def secret_store(*, namespace: str, account: str, identity: str, target: Target) -> Mapping[str, Any]:
    """Secret Manager, read with the module's service account (SEC-3). Source: external-secrets documentation, "Google
    Cloud Secret Manager", Workload Identity."""
    return {
        "gcpsm": {
            "projectID": names.account(target),
            "auth": {
                "workloadIdentity": {
                    "clusterLocation": names.cluster_location(target),
                    "clusterName": names.cluster_id(target).rpartition("/")[2],
                    "serviceAccountRef": {"name": account},
                }
            },
        }
    }


def secret_key(reference: str) -> str:
    """The secret's name, the end of its id."""
    return reference.rpartition("/")[2]


def storage_class(target: Target) -> Mapping[str, Any]:
    """Balanced disks, encrypted with the environment's key (K8S-9). Source: GKE documentation, "Use customer-managed
    encryption keys", disk-encryption-kms-key."""
    return {
        "provisioner": "pd.csi.storage.gke.io",
        "parameters": {"type": "pd-balanced", "disk-encryption-kms-key": names.key(target, "disks")},
    }


def dns_solver(outputs: Outputs, target: Target) -> Mapping[str, Any]:
    """Source: cert-manager documentation, "Google CloudDNS", Workload Identity."""
    return {"cloudDNS": {"project": names.account(target), "hostedZoneName": outputs.dns_zone}}


def database_login(outputs: Outputs, target: Target) -> DatabaseLogin:
    """Service accounts with a token instead of a password. The server's authority is one of the instance, which the
    outputs do not contain: the connection, which stays in the network, is encrypted, but not verified. Source: Cloud
    SQL documentation, "Log in using IAM database authentication"."""
    return DatabaseLogin(
        password="token",
        token=f"""curl --fail --silent --show-error --retry 5 --header 'Metadata-Flavor: Google' \\
  '{_TOKEN}?scopes=https://www.googleapis.com/auth/sqlservice.login' \\
  | sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p'
""",
        authority="",
        verified=False,
        roles=_ROLES,
        reserved=("cloudsql",),
        administrators=("cloudsqlsuperuser",),
    )


def values(outputs: Outputs, target: Target) -> Mapping[str, Any]:
    """What values.yaml.j2 may read as `cloud`. Sources: external-dns documentation, "GKE"; velero-plugin-for-gcp,
    backupstoragelocation.md and volumesnapshotlocation.md."""
    project = names.account(target)
    return {
        "name": "gcp",
        "account": project,
        "region": target.region,
        "storage_class": STORAGE_CLASS,
        "dns": {
            "provider": "google",
            "settings": {
                "domain-filter": outputs.domain,
                "google-project": project,
                "google-zone-visibility": "public",
                "zone-id-filter": outputs.dns_zone,
            },
            "file": {},
        },
        "velero": {
            "provider": "gcp",
            "plugin": "velero-plugin-for-gcp",
            "bucket": outputs.buckets["backups"],
            "location": {"serviceAccount": outputs.platform_identities.get("velero", "")},
            "snapshots": {"project": project, "snapshotLocation": target.region},
        },
        "entry": _entry(outputs),
    }


def _entry(outputs: Outputs) -> dict[str, Any]:
    """GKE's controller fills the foundation's network endpoint groups, which have one name in all zones. Source: GKE
    documentation, "Container-native load balancing through standalone zonal NEGs", naming NEGs."""
    groups = {"exposed_ports": {str(ENTRY_PORTS["https"]): {"name": outputs.entry}}}
    annotations = {"cloud.google.com/neg": json.dumps(groups, sort_keys=True)}
    return {"service": {"type": "ClusterIP", "annotations": annotations}, "objects": [], "checked_on": "health"}
