"""The emulated Azure: a generic store with Resource Manager's rules, and tables of what each service does differently.

`namespaces.py` lists the tables, one file for each resource provider; `refusals/` has the requests that Azure rejects.
This module has no slow imports.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from terrace.emulator.contract import NotEmulated

if TYPE_CHECKING:
    from terrace.emulator.lifecycle import Emulator

HOST_SUFFIXES = (
    "management.azure.com",
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "vault.azure.net",
    *(f"{service}.core.windows.net" for service in ("blob", "dfs", "file", "queue", "table", "web")),
)
EXAMPLE_COMMAND = (
    "az login --service-principal --username $AZURE_CLIENT_ID --password $AZURE_CLIENT_SECRET --tenant $AZURE_TENANT_ID"
    " && az resource list --output table"
)
DEFAULT_REGION = "germanywestcentral"
DEFAULT_ACCOUNT: Mapping[str, str] = MappingProxyType(
    {
        "subscription_id": "00000000-0000-4000-8000-000000000001",
        "tenant_id": "00000000-0000-4000-8000-000000000002",
    }
)
SAVES_STATE = True
FAULTS = frozenset({"throttle_every", "operation_seconds", "fail_operation", "iam_delay_seconds", "token_seconds"})

CLIENT_ID = "00000000-0000-4000-8000-00000000c11e"
"""The client id of the application that a child process signs in as."""
CALLER_ID = "00000000-0000-4000-8000-00000000ca11"
"""The object id of its service principal."""
SECRET = "emulated"
"""The only client secret that is accepted."""

# No resource of the foundation is omitted: the stack under test is the one that is applied to Azure, byte for byte.
NOT_EMULATED = (
    NotEmulated("acceptance by Azure", "SKUs, regions and most values are not checked"),
    NotEmulated(
        "normalization", "bodies are returned as they were sent; drift from Azure's own spelling does not show"
    ),
    NotEmulated(
        "rights", "assignments are evaluated with --rights; without it only for customer-managed keys and backup vaults"
    ),
    NotEmulated("policies", "assignments are stored; nothing is denied or reported as non-compliant"),
    NotEmulated(
        "data planes",
        "there is no Redis, Kafka, Kubernetes API, registry or log query, and PostgreSQL with --engines only; "
        "keys cannot encrypt",
    ),
    NotEmulated(
        "networks",
        "rules, routes and firewalls are stored; a vault or account with a closed firewall is still reachable",
    ),
    NotEmulated("quotas and prices", "none are applied"),
    NotEmulated("time", "what takes Azure minutes is done at once; backups, rotations and schedules never run"),
    NotEmulated("replication", "rules of accounts, registries and vaults are stored; nothing is copied"),
    NotEmulated("detection", "Defender, alerts and budgets never report anything"),
)


def environment(emulator: "Emulator") -> dict[str, str]:
    """The variables that point Terraform's provider and backend (ARM_) and azure-identity (AZURE_) at the emulator.

    The provider polls an operation every ten seconds, which would be most of an emulated apply; polling is not delayed.
    Sources: azurerm provider, "Authenticating using a Service Principal with a Client Secret"; azure-identity,
    EnvironmentCredential; go-azure-sdk, sdk/client/pollers.
    """
    empty = emulator.directory / "no-certificates"
    empty.mkdir(exist_ok=True)
    account = emulator.account
    return {
        "ARM_SUBSCRIPTION_ID": account["subscription_id"],
        "ARM_TENANT_ID": account["tenant_id"],
        "ARM_CLIENT_ID": CLIENT_ID,
        "ARM_CLIENT_SECRET": SECRET,
        "ARM_USE_CLI": "false",
        "AZURE_SUBSCRIPTION_ID": account["subscription_id"],
        "AZURE_TENANT_ID": account["tenant_id"],
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_CLIENT_SECRET": SECRET,
        "AZURE_CONFIG_DIR": str(emulator.directory / "azure-cli"),  # without the shell's own az login
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
        "GO_AZURE_SDK_SKIP_POLLING_DELAY": "true",
        "TERRACE_PARALLELISM": "64",  # the provider has fixed waits of up to three minutes; they overlap
        "SSL_CERT_DIR": str(empty),  # otherwise Go also trusts the machine's certificate authorities
    }


def is_foreign(name: str) -> bool:
    """Variables of the shell with a login, a managed identity's endpoint or another Azure cloud."""
    return name.upper().startswith(("ARM_", "AZURE_", "IDENTITY_", "MSI_", "AAD_", "ACTIONS_ID_TOKEN_"))
