"""What Azure cannot do to the letter, and what stands in for it; the parity matrix shows these."""

from terrace.capabilities.exceptions import CloudException

EXCEPTIONS: tuple[CloudException, ...] = (
    CloudException(
        guarantee="OBS-1",
        reason="A Log Analytics workspace takes a customer's key only in a dedicated cluster of 100 GB a day or more.",
        compensation="Logs are encrypted with Azure's own keys; the record of calls also lies in the audit bucket,"
        " under the environment's key.",
        source="Azure Monitor documentation, Customer-managed keys",
    ),
    CloudException(
        guarantee="SEC-1",
        reason="The VPN's pre-shared key has no write-only argument; Azure makes it, the provider reads it into state.",
        compensation="It is made by Azure, shown in no file or plan, and rotated in Azure; state is encrypted"
        " and reached by two identities. The key opens a tunnel, whose traffic the network's rules still judge.",
        source="Provider documentation, azurerm_virtual_network_gateway_connection, shared_key",
    ),
    CloudException(
        guarantee="K8S-4",
        reason="AKS has no setting that keeps pods from the nodes' metadata address.",
        compensation="Cilium's network policies refuse it to pods; the kubelet's identity may only pull images.",
        source="AKS documentation, Best practices for pod security",
    ),
    CloudException(
        guarantee="K8S-9",
        reason="The provider does not expose trusted launch (secure boot and measured boot) of node pools.",
        compensation="Azure Linux, minimal and patched weekly; host encryption and disks under the environment's key.",
        source="Provider documentation, azurerm_kubernetes_cluster_node_pool",
    ),
    CloudException(
        guarantee="K8S-10",
        reason="A registry's tags are immutable image by image, not by a setting that a provider could make.",
        compensation="Admission refuses images that are not named by their digest; only the pipeline may push.",
        source="ACR documentation, Lock a container image",
    ),
    CloudException(
        guarantee="DB-6",
        reason="Deleting a Flexible Server takes no final backup.",
        compensation="A management lock refuses deletion in staging and prod; the vault's last copy outlives"
        " the server.",
        source="Azure Database for PostgreSQL documentation, Backup and restore",
    ),
    CloudException(
        guarantee="BAK-1",
        reason="Vaulted backups of PostgreSQL are weekly at most, and those of blobs daily.",
        compensation="Point-in-time recovery of the database covers the days between (DB-5), versions those of the lake"
        " (LAKE-3).",
        source="Azure Backup documentation, support matrices for PostgreSQL Flexible Server and Azure Blobs",
    ),
    CloudException(
        guarantee="GOV-2",
        reason="Geo-redundant backups of database and vault go to the region that Azure pairs with the home region;"
        " few regions process action groups themselves.",
        compensation="The pair is in the home region's own geography; the allowed regions name it and no other."
        " An action group is kept at home where it can be, and holds nothing but whom to tell.",
        source="Azure documentation, Azure region pairs and nonpaired regions; Action groups",
    ),
)
