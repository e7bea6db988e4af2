"""The access model of a stack on Google Cloud."""

from collections.abc import Iterator

from terrace.assurance.access.gcp import grants, network
from terrace.assurance.access.gcp.declared import declared
from terrace.assurance.access.model import Access, Grant, Path, Unknown
from terrace.assurance.checks import Subject

__all__ = ["declared", "read"]

_NO_ACCESS = frozenset(
    (
        "google_artifact_registry_repository", "google_backup_dr_backup_plan",
        "google_backup_dr_backup_plan_association", "google_backup_dr_backup_vault", "google_billing_budget",
        "google_binary_authorization_policy", "google_certificate_manager_certificate",
        "google_certificate_manager_certificate_map", "google_certificate_manager_certificate_map_entry",
        "google_certificate_manager_dns_authorization", "google_cloud_asset_project_feed", "google_compute_address",
        "google_compute_backend_service", "google_compute_external_vpn_gateway", "google_compute_global_address",
        "google_compute_ha_vpn_gateway", "google_compute_health_check", "google_compute_network_endpoint_group",
        "google_compute_project_metadata_item", "google_compute_router_interface", "google_compute_router_nat",
        "google_compute_security_policy", "google_compute_ssl_policy", "google_compute_subnetwork",
        "google_compute_target_http_proxy", "google_compute_target_https_proxy", "google_compute_url_map",
        "google_compute_vpn_tunnel", "google_container_node_pool", "google_dns_managed_zone", "google_dns_policy",
        "google_dns_record_set", "google_essential_contacts_contact", "google_gke_backup_backup_plan",
        "google_gke_backup_restore_plan", "google_iam_deny_policy", "google_iam_workload_identity_pool",
        "google_iam_workload_identity_pool_provider", "google_kms_crypto_key", "google_kms_key_ring",
        "google_logging_metric", "google_logging_project_bucket_config", "google_logging_saved_query",
        "google_monitoring_alert_policy", "google_monitoring_custom_service", "google_monitoring_dashboard",
        "google_monitoring_notification_channel", "google_monitoring_slo",
        "google_network_connectivity_service_connection_policy", "google_org_policy_policy",
        "google_project_default_service_accounts", "google_project_iam_audit_config", "google_project_service",
        "google_pubsub_topic", "google_scc_v2_project_notification_config", "google_secret_manager_secret",
        "google_secret_manager_secret_version", "google_service_account", "google_service_account_key",
        "google_managed_kafka_topic", "google_sql_database", "google_storage_bucket",
    )
)  # fmt: skip
"""Types that open no path and give no right by themselves; checks read their settings."""


def read(stack: Subject) -> Access:
    """The paths and the rights of a stack; a type that no reader reads is unknown."""
    found: list[Path | Grant | Unknown] = [*network.paths(stack), *grants.grants(stack), *_unread(stack)]
    return Access(
        paths=tuple(one for one in found if isinstance(one, Path)),
        grants=tuple(one for one in found if isinstance(one, Grant)),
        unknown=tuple(one for one in found if isinstance(one, Unknown)),
    )


def _unread(stack: Subject) -> Iterator[Unknown]:
    known = _NO_ACCESS | network.TYPES | grants.TYPES
    for resource in stack.view:
        if resource.type not in known and "_iam_" not in resource.type:
            yield Unknown(f"{resource.type}, a type that the access model does not read", str(resource), resource.type)
