"""Google Cloud without an account: what the provider needs to plan, and the values of mocked resources."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

VARIABLES = ("GOOGLE_", "GCLOUD_", "CLOUDSDK_", "GCE_METADATA_")

_ACCOUNT = "projects/mocked-project/serviceAccounts/mocked@mocked-project.iam.gserviceaccount.com"
_CONNECTION = {  # complete, because OpenTofu does not fill in missing attributes
    "connection_type": "CONNECTION_TYPE_PRIMARY",
    "forwarding_rule": "mocked",
    "ip_address": "203.0.113.9",
    "network": "projects/mocked-project/global/networks/mocked",
    "port": 6379,
    "project_id": "mocked-project",
    "psc_connection_id": "1",
    "service_attachment": "mocked",
}
_MOCKED: dict[str, dict[str, Any]] = {
    "google_certificate_manager_dns_authorization": {
        "id": "projects/mocked-project/locations/global/dnsAuthorizations/mocked",
        "dns_resource_record": [{"name": "_mocked.example.com.", "type": "CNAME", "data": "mocked.example.com."}],
    },
    "google_compute_network": {"id": "projects/mocked-project/global/networks/mocked"},
    "google_container_cluster": {"master_auth": {"cluster_ca_certificate": "bW9ja2Vk"}},
    "google_logging_project_sink": {"writer_identity": "serviceAccount:mocked@gcp-sa-logging.iam.gserviceaccount.com"},
    "google_sql_database_instance": {"dns_name": "mocked.sql.goog."},
    "google_memorystore_instance": {"endpoints": [{"connections": [{"psc_auto_connection": [_CONNECTION]}]}]},
    "google_service_account": {
        "id": _ACCOUNT,
        "name": _ACCOUNT,
        "email": _ACCOUNT.rpartition("/")[2],
        "member": f"serviceAccount:{_ACCOUNT.rpartition('/')[2]}",
    },
}


@contextmanager
def credentials() -> Iterator[dict[str, str]]:
    """An invalid access token; a plan without data sources never sends it."""
    yield {"GOOGLE_OAUTH_ACCESS_TOKEN": "offline"}


def mocked(type: str, referred: Collection[str]) -> dict[str, Any]:
    """Values of a mocked resource for attributes that others refer to; Terraform generates the rest."""
    return _MOCKED.get(type, {})
