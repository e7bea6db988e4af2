"""Google Cloud on a laptop: a store driven by Google's own discovery documents, and the quirks that no schema tells.

`quirks.py` lists the services that have any, one file a service; `refusals/` holds what Google does not accept. Nothing
heavy is imported here.
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
FIRST_LOOK = "gcloud storage ls"
KEEPS_STATE = True
FAULTS = frozenset({"throttle_every", "operation_seconds", "fail_operation", "iam_delay_seconds", "token_seconds"})

# No resource of the foundation is left out: the stack under test is the one that goes to Google, byte for byte.
NOT_EMULATED = (
    NotEmulated("acceptance by Google", "only what the published schemas and our own rules know is refused"),
    NotEmulated("permissions", "policies are stored and never evaluated, but for the right to use an encryption key"),
    NotEmulated("data planes", "no PostgreSQL, Valkey, Kubernetes API or VPN tunnel listens behind the end points"),
    NotEmulated("quotas, machine types and prices", "none are applied"),
    NotEmulated("time", "what takes Google minutes is there at once; backups, rotations and schedules never run"),
    NotEmulated("Google's own defaults", "values that it fills in are modelled only where the stacks need them"),
    NotEmulated("replication", "turbo replication, replicas and copies are stored; nothing is copied"),
    NotEmulated("detection", "Security Command Center, asset feeds and alerts never find anything"),
    NotEmulated("memorystore, securitycenter v2", "no discovery document is published: their bodies are not checked"),
)


def environment(emulator: "Emulator") -> dict[str, str]:
    """What leads Terraform, gcloud and Google's Python libraries to the emulator.

    The provider and the state backend take the access token. Python finds application default credentials in a file;
    their refresh token is exchanged at Google's own host name, which the proxy leads here. gcloud's folder is an empty
    one. Sources: google provider, "Provider Configuration"; google-auth, "Application Default Credentials"; httplib2,
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
        "NO_GCE_CHECK": "true",  # Python asks no metadata server who it is
        "TERRACE_PARALLELISM": "40",  # the provider asks after an operation every ten seconds; so its waits overlap
    }


def is_foreign(name: str) -> bool:
    """A token, a key file, a project, an end point or an emulator of the shell's own."""
    own = ("GOOGLE_", "GCLOUD_", "CLOUDSDK_", "GCE_METADATA_", "GCP_")
    return name.upper().startswith(own) or name.upper().endswith("_EMULATOR_HOST")
