"""Azure's half of the workloads: workload identity, Key Vault, Azure DNS, managed disks, Flexible Server. Loads no
CDK."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from terrace.azure import names
from terrace.azure.ranges import layout
from terrace.capabilities.outputs import Outputs
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import DatabaseLogin, Endpoint, Party, PodIdentity

STORAGE_CLASS = "terrace"

METADATA: Sequence[Endpoint] = tuple(
    Endpoint(cidr, (443,), "sign-in with Entra")
    for cidr in ("20.20.32.0/19", "20.190.128.0/18", "20.231.128.0/19", "40.126.0.0/18")
)
"""login.microsoftonline.com, where pods exchange their token. Source: Microsoft 365 documentation, "URLs and IP address
ranges", ID 56."""

NAME_SERVERS: Sequence[Endpoint] = ()

API_PODS: Mapping[str, str] = {}
"""The API server calls webhooks from its own subnet. Source: AKS documentation, "API Server VNet Integration"."""

CILIUM = True

_ROLES = """\\set ON_ERROR_STOP on
select format('select * from pgaadauth_create_principal(%L, false, false)', module ->> 'role')
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as module
  where not exists (select from pg_roles where rolname = module ->> 'role') \\gexec
"""
"""A role that logs in with Entra has the identity's name. Source: Azure Database for PostgreSQL documentation, "Manage
Microsoft Entra roles", pgaadauth_create_principal."""


def ranges(network: str, services: str) -> Mapping[Party, tuple[str, ...]]:
    """One subnet per party; private endpoints serve the vault and the lake. Cilium translates the API server's service
    address before it compares."""
    subnets = layout(network)
    return {
        "kubernetes-api": (subnets["control"], f"{IPv4Network(services)[1]}/32"),
        "nodes": (subnets["nodes"],),
        "database": (subnets["database"],),
        "cache": (subnets["cache"],),
        "streams": (subnets["streams"],),
        "cloud": (subnets["endpoints"],),
        "entry": (subnets["entry"],),
    }


def pod_identity(identity: str, target: Target) -> PodIdentity:
    """Source: Azure Workload Identity documentation, "Service account labels and annotations", "Pod"."""
    return PodIdentity(
        annotations={
            "azure.workload.identity/client-id": identity,
            "azure.workload.identity/tenant-id": names.settings(target).tenant_id,
        },
        pod_labels={"azure.workload.identity/use": "true"},
    )


def secret_store(*, namespace: str, account: str, identity: str, target: Target) -> Mapping[str, Any]:
    """Key Vault, read with the module's service account (SEC-3). Source: external-secrets documentation, "Azure Key
    Vault", Workload Identity."""
    return {
        "azurekv": {
            "authType": "WorkloadIdentity",
            "vaultUrl": f"https://{names.vault(target)}.vault.azure.net",
            "serviceAccountRef": {"name": account},
        }
    }


def secret_key(reference: str) -> str:
    """The secret's name, the end of its URL."""
    return reference.rpartition("/")[2]


def storage_class(target: Target) -> Mapping[str, Any]:
    """SSDs, encrypted with the environment's key (K8S-9). Source: AKS documentation, "Bring your own keys with Azure
    managed disks", diskEncryptionSetID."""
    keys = names.id(target, "Microsoft.Compute/diskEncryptionSets", f"{target.prefix}-disks")
    return {
        "provisioner": "disk.csi.azure.com",
        "parameters": {
            "skuName": "StandardSSD_LRS" if target.tier == "dev" else "Premium_LRS",
            "diskEncryptionSetID": keys,
        },
    }


def dns_solver(outputs: Outputs, target: Target) -> Mapping[str, Any]:
    """Source: cert-manager documentation, "AzureDNS", Managed Identity using AAD Workload Identity."""
    return {
        "azureDNS": {
            "environment": "AzurePublicCloud",
            "hostedZoneName": outputs.domain,
            "resourceGroupName": names.group(target),
            "subscriptionID": names.settings(target).subscription_id,
            "managedIdentity": {"clientID": outputs.platform_identities.get("cert-manager", "")},
        }
    }


def database_login(outputs: Outputs, target: Target) -> DatabaseLogin:
    """The server's Entra administrator and modules, with a token: the pod's own is exchanged for it.
    The server's certificate is from a public authority. Sources: Azure Database for PostgreSQL documentation, "Connect
    with managed identity", "TLS root certificates"; Microsoft identity platform documentation, "Client credentials
    flow", federated credential."""
    return DatabaseLogin(
        password="token",
        token="""curl --fail --silent --show-error --retry 5 --proto =https \\
  --data-urlencode "client_id=$AZURE_CLIENT_ID" \\
  --data-urlencode grant_type=client_credentials \\
  --data-urlencode scope=https://ossrdbms-aad.database.windows.net/.default \\
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\
  --data-urlencode "client_assertion@$AZURE_FEDERATED_TOKEN_FILE" \\
  "$AZURE_AUTHORITY_HOST$AZURE_TENANT_ID/oauth2/v2.0/token" \\
  | sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p'
""",
        authority="",
        verified=True,
        roles=_ROLES,
        reserved=("azure_",),
        administrators=("azure_pg_admin",),
    )


def values(outputs: Outputs, target: Target) -> Mapping[str, Any]:
    """What values.yaml.j2 may read as `cloud`. Sources: external-dns documentation, "Azure DNS";
    velero-plugin-for-microsoft-azure, backupstoragelocation.md and volumesnapshotlocation.md."""
    settings, group = names.settings(target), names.group(target)
    return {
        "name": "azure",
        "account": settings.subscription_id,
        "tenant": settings.tenant_id,
        "region": target.region,
        "storage_class": STORAGE_CLASS,
        "dns": {
            "provider": "azure",
            "settings": {"domain-filter": outputs.domain},
            "file": {  # /etc/kubernetes/azure.json, without a secret
                "tenantId": settings.tenant_id,
                "subscriptionId": settings.subscription_id,
                "resourceGroup": group,
                "useWorkloadIdentityExtension": True,
            },
        },
        "velero": {
            "provider": "azure",
            "plugin": "velero-plugin-for-microsoft-azure",
            "bucket": "backups",
            "location": {
                "resourceGroup": group,
                "subscriptionId": settings.subscription_id,
                "storageAccount": names.bucket(target, "backups"),
                "useAAD": "true",
            },
            "snapshots": {"resourceGroup": group, "subscriptionId": settings.subscription_id, "incremental": "true"},
        },
        "entry": _entry(outputs),
    }


def _entry(outputs: Outputs) -> dict[str, Any]:
    """An internal load balancer with the address that the application gateway calls. Only with the policy Local do pods
    see the gateway's address, which network policies admit. An application gateway asks for the health of HTTPS
    backends over HTTPS. Sources: AKS documentation, "Use an internal load balancer"; cloud-provider-azure,
    "LoadBalancer annotations"; Application Gateway documentation, "Health probes"."""
    annotations = {
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
        "service.beta.kubernetes.io/azure-load-balancer-ipv4": outputs.entry,
        "terrace.dev/firewall-rule": "gateway",
    }
    service = {"type": "LoadBalancer", "annotations": annotations, "externalTrafficPolicy": "Local"}
    return {"service": service, "objects": [], "checked_on": "https"}
