"""Azure on a laptop: a store that follows Resource Manager's rules, and a table of what each service does differently.

`namespaces.py` lists the tables, one file a resource provider; `refusals/` holds what Azure would not accept. Nothing
heavy is imported here.
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
FIRST_LOOK = (
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
KEEPS_STATE = True
FAULTS = frozenset({"throttle_every", "operation_seconds", "fail_operation", "iam_delay_seconds", "token_seconds"})

CLIENT_ID = "00000000-0000-4000-8000-00000000c11e"
"""The application that a child process signs in as."""
CALLER_ID = "00000000-0000-4000-8000-00000000ca11"
"""The object id of its service principal."""
SECRET = "emulated"
"""The only secret it takes; a federated token of any issuer is taken as well."""

# No resource of the foundation is left out: the stack under test is the one that goes to Azure, byte for byte.
NOT_EMULATED = (
    NotEmulated("acceptance by Azure", "what no rule of the emulator knows passes: SKUs, regions, most values"),
    NotEmulated(
        "normalisation", "bodies come back as they were sent; a difference that Azure's own spelling makes is unseen"
    ),
    NotEmulated("rights", "assignments are judged only where a customer's key is used or a vault backs something up"),
    NotEmulated("policies", "assignments are stored; nothing is denied or found not compliant"),
    NotEmulated(
        "data planes", "no PostgreSQL, Redis, Kubernetes API, registry or log query answers; keys do not encrypt"
    ),
    NotEmulated("networks", "rules, routes and firewalls are stored; a closed vault or account still answers"),
    NotEmulated("quotas and prices", "none are applied"),
    NotEmulated("time", "what takes Azure minutes is there at once; backups, rotations and schedules never run"),
    NotEmulated("replication", "rules of accounts, registries and vaults are stored; nothing is copied"),
    NotEmulated("detection", "Defender, alerts and budgets never find anything"),
)


def environment(emulator: "Emulator") -> dict[str, str]:
    """What leads Terraform's provider and backend (ARM_) and azure-identity (AZURE_) to the emulator.

    The provider waits ten seconds between two questions about an operation; here that would be most of an apply.
    Sources: azurerm provider, "Authenticating using a Service Principal with a Client Secret"; azure-identity,
    EnvironmentCredential; go-azure-sdk, sdk/client/pollers.
    """
    nothing = emulator.directory / "no-certificates"
    nothing.mkdir(exist_ok=True)
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
        "AZURE_CONFIG_DIR": str(emulator.directory / "azure-cli"),  # the az program finds no login of the shell's
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
        "GO_AZURE_SDK_SKIP_POLLING_DELAY": "true",
        "TERRACE_PARALLELISM": "64",  # the provider's waits in its own code stay: up to three minutes; so they overlap
        "SSL_CERT_DIR": str(nothing),  # or Go would trust the machine's authorities beside ours
    }


def is_foreign(name: str) -> bool:
    """Variables of the shell that carry a login, a managed identity's endpoint or another cloud of Azure's."""
    return name.upper().startswith(("ARM_", "AZURE_", "IDENTITY_", "MSI_", "AAD_", "ACTIONS_ID_TOKEN_"))
