"""The emulated Google Cloud: a generic store that follows Google's discovery documents, and quirks of the services.

`quirks.py` lists the services with quirks, one file each; `refusals/` has the requests that Google rejects. This module
has no slow imports.
"""

import json
from typing import TYPE_CHECKING

from terrace.emulator.contract import NotEmulated

if TYPE_CHECKING:
    from terrace.emulator.lifecycle import Emulator

HOST_SUFFIXES = ("googleapis.com", "accounts.google.com")
DEFAULT_REGION = "europe-west3"
DEFAULT_ACCOUNT = {
    "project_id": "acme-data-dev",
    "project_number": "123456789012",
    "billing_account": "000000-111111-222222",
}
EXAMPLE_COMMAND = "gcloud storage ls"
SAVES_STATE = True
FAULTS = frozenset({"throttle_every", "operation_seconds", "fail_operation", "iam_delay_seconds", "token_seconds"})

# No resource of the foundation is omitted: the stack under test is the one that is applied to Google, byte for byte.
NOT_EMULATED = (
    NotEmulated("acceptance by Google", "only the published schemas and the emulator's own rules are checked"),
    NotEmulated("permissions", "evaluated for keys and sign-in, with --rights for objects and secrets"),
    NotEmulated(
        "data planes",
        "the endpoints have no Valkey, Kafka, Kubernetes API or VPN tunnel behind them, "
        "and PostgreSQL with --engines only",
    ),
    NotEmulated("quotas, machine types and prices", "none are applied"),
    NotEmulated("time", "what takes Google minutes is done at once; backups, rotations and schedules never run"),
    NotEmulated("Google's own defaults", "default values are emulated only where the stacks need them"),
    NotEmulated("replication", "turbo replication, replicas and copies are stored; nothing is copied"),
    NotEmulated("detection", "Security Command Center, asset feeds and alerts never report anything"),
    NotEmulated("memorystore, securitycenter v2", "bodies are not checked, because no discovery document is published"),
)


def environment(emulator: "Emulator") -> dict[str, str]:
    """The variables that point Terraform, gcloud and Google's Python libraries at the emulator.

    The provider and the state backend use the access token. Python uses application default credentials from a file;
    it exchanges their refresh token at Google's own host name, which the proxy serves. gcloud's configuration is empty.
    Sources: google provider, "Provider Configuration"; google-auth, "Application Default Credentials"; httplib2,
    `certs.py`; gcloud, "Managing properties".
    """
    credentials = emulator.directory / "credentials.json"
    credentials.write_text(
        json.dumps(
            {
                "type": "authorized_user",
                "client_id": "emulated",
                "client_secret": "emulated",
                "refresh_token": "emulated",
                "quota_project_id": emulator.account["project_id"],
            }
        )
    )
    configuration = emulator.directory / "gcloud"
    configuration.mkdir(exist_ok=True)
    return {
        "GOOGLE_OAUTH_ACCESS_TOKEN": "emulated",
        "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
        "GOOGLE_CLOUD_PROJECT": emulator.account["project_id"],
        "HTTPLIB2_CA_CERTS": str(emulator.ca),
        "CLOUDSDK_CONFIG": str(configuration),
        "CLOUDSDK_AUTH_ACCESS_TOKEN": "emulated",
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(emulator.ca),
        "CLOUDSDK_CORE_PROJECT": emulator.account["project_id"],
        "FSSPEC_GCS": json.dumps({"session_kwargs": {"trust_env": True}}),  # gcsfs would ignore the proxy
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",  # and ask for the bucket's type by gRPC first
        "NO_GCE_CHECK": "true",  # Python does not query a metadata server
        "TERRACE_PARALLELISM": "40",  # the provider polls operations every ten seconds; its waits overlap
    }


def is_foreign(name: str) -> bool:
    """Variables of the shell with a token, a key file, a project, an endpoint or another emulator."""
    prefixes = ("GOOGLE_", "GCLOUD_", "CLOUDSDK_", "GCE_METADATA_", "GCP_")
    return name.upper().startswith(prefixes) or name.upper().endswith("_EMULATOR_HOST")
