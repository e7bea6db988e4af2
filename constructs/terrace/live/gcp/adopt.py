"""Import ids of resources that exist and are in no state, because an apply was killed.

By type: most names are unique in their project and location and give the id without a call (`BY_NAME`). Others have a
generated number, and are listed and matched by display name (`adopt_listing.py`). `OVERWRITTEN` ones need no adoption.
A test ensures that each type of the foundation is in exactly one of the three.

Source of the ids: the "Import" section of each resource's page in the google provider's documentation, 7.45.
"""

from collections.abc import Mapping, Sequence

from terrace.capabilities.adoption import Candidate
from terrace.live.gcp.adopt_listing import BY_LISTING
from terrace.live.gcp.session import Reader

_HERE = "projects/{project}/locations/{location}"
_MAPS = f"{_HERE}/certificateMaps"
_GLOBAL = "projects/{project}/global"
_REGIONAL = "projects/{project}/regions/{region}"

# Attributes as planned; {project} and {region} are the provider's where a resource names none.
BY_NAME = {
    "google_artifact_registry_repository": f"{_HERE}/repositories/{{repository_id}}",
    "google_backup_dr_backup_plan": f"{_HERE}/backupPlans/{{backup_plan_id}}",
    "google_backup_dr_backup_plan_association": f"{_HERE}/backupPlanAssociations/{{backup_plan_association_id}}",
    "google_backup_dr_backup_vault": f"{_HERE}/backupVaults/{{backup_vault_id}}",
    "google_certificate_manager_certificate": f"{_HERE}/certificates/{{name}}",
    "google_certificate_manager_certificate_map": f"{_MAPS}/{{name}}",
    "google_certificate_manager_certificate_map_entry": f"{_MAPS}/{{map}}/certificateMapEntries/{{name}}",
    "google_certificate_manager_dns_authorization": f"{_HERE}/dnsAuthorizations/{{name}}",
    "google_cloud_scheduler_job": "projects/{project}/locations/{region}/jobs/{name}",
    "google_compute_address": f"{_REGIONAL}/addresses/{{name}}",
    "google_compute_backend_service": f"{_GLOBAL}/backendServices/{{name}}",
    "google_compute_external_vpn_gateway": f"{_GLOBAL}/externalVpnGateways/{{name}}",
    "google_compute_firewall": f"{_GLOBAL}/firewalls/{{name}}",
    "google_compute_global_address": f"{_GLOBAL}/addresses/{{name}}",
    "google_compute_global_forwarding_rule": f"{_GLOBAL}/forwardingRules/{{name}}",
    "google_compute_ha_vpn_gateway": f"{_REGIONAL}/vpnGateways/{{name}}",
    "google_compute_health_check": f"{_GLOBAL}/healthChecks/{{name}}",
    "google_compute_network": f"{_GLOBAL}/networks/{{name}}",
    "google_compute_network_endpoint_group": "projects/{project}/zones/{zone}/networkEndpointGroups/{name}",
    "google_compute_project_metadata_item": "{key}",
    "google_compute_route": f"{_GLOBAL}/routes/{{name}}",
    "google_compute_router": f"{_REGIONAL}/routers/{{name}}",
    "google_compute_router_interface": "{project}/{region}/{router}/{name}",
    "google_compute_router_nat": "{project}/{region}/{router}/{name}",
    "google_compute_router_peer": f"{_REGIONAL}/routers/{{router}}/{{name}}",
    "google_compute_security_policy": f"{_GLOBAL}/securityPolicies/{{name}}",
    "google_compute_ssl_policy": f"{_GLOBAL}/sslPolicies/{{name}}",
    "google_compute_subnetwork": f"{_REGIONAL}/subnetworks/{{name}}",
    "google_compute_target_http_proxy": f"{_GLOBAL}/targetHttpProxies/{{name}}",
    "google_compute_target_https_proxy": f"{_GLOBAL}/targetHttpsProxies/{{name}}",
    "google_compute_url_map": f"{_GLOBAL}/urlMaps/{{name}}",
    "google_compute_vpn_tunnel": f"{_REGIONAL}/vpnTunnels/{{name}}",
    "google_container_cluster": f"{_HERE}/clusters/{{name}}",
    "google_container_node_pool": "{project}/{location}/{cluster}/{name}",
    "google_data_loss_prevention_job_trigger": "{parent}/jobTriggers/{trigger_id}",
    "google_dns_managed_zone": "projects/{project}/managedZones/{name}",
    "google_dns_policy": "projects/{project}/policies/{name}",
    "google_dns_record_set": "projects/{project}/managedZones/{managed_zone}/rrsets/{name}/{type}",
    "google_gke_backup_backup_plan": f"{_HERE}/backupPlans/{{name}}",
    "google_gke_backup_restore_plan": f"{_HERE}/restorePlans/{{name}}",
    "google_iam_deny_policy": "{parent}/{name}",
    "google_iam_workload_identity_pool": (
        "projects/{project}/locations/global/workloadIdentityPools/{workload_identity_pool_id}"
    ),
    "google_iam_workload_identity_pool_provider": (
        "projects/{project}/locations/global/workloadIdentityPools/{workload_identity_pool_id}"
        "/providers/{workload_identity_pool_provider_id}"
    ),
    "google_kms_crypto_key": "{key_ring}/cryptoKeys/{name}",
    "google_kms_key_ring": f"{_HERE}/keyRings/{{name}}",
    "google_logging_metric": "{project} {name}",
    "google_logging_project_sink": "projects/{project}/sinks/{name}",
    "google_logging_saved_query": "{parent}/locations/{location}/savedQueries/{name}",
    "google_managed_kafka_acl": f"{_HERE}/clusters/{{cluster}}/acls/{{acl_id}}",
    "google_managed_kafka_cluster": f"{_HERE}/clusters/{{cluster_id}}",
    "google_managed_kafka_topic": f"{_HERE}/clusters/{{cluster}}/topics/{{topic_id}}",
    "google_memorystore_instance": f"{_HERE}/instances/{{instance_id}}",
    "google_monitoring_custom_service": "projects/{project}/services/{service_id}",
    "google_monitoring_slo": "projects/{project}/services/{service}/serviceLevelObjectives/{slo_id}",
    "google_network_connectivity_service_connection_policy": f"{_HERE}/serviceConnectionPolicies/{{name}}",
    "google_org_policy_policy": "{name}",
    "google_project_iam_custom_role": "projects/{project}/roles/{role_id}",
    "google_pubsub_subscription": "projects/{project}/subscriptions/{name}",
    "google_pubsub_topic": "projects/{project}/topics/{name}",
    "google_scc_v2_project_notification_config": f"{_HERE}/notificationConfigs/{{config_id}}",
    "google_secret_manager_secret": "projects/{project}/secrets/{secret_id}",
    "google_service_account": ("projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com"),
    "google_sql_database": "projects/{project}/instances/{instance}/databases/{name}",
    "google_sql_database_instance": "projects/{project}/instances/{name}",
    "google_sql_user": "{project}/{instance}/{name}",
    "google_storage_bucket": "{project}/{name}",
}

# Creating these again does no harm: the service overwrites what is there, or answers that all is as wanted.
OVERWRITTEN = frozenset(
    {
        # adding a grant twice changes nothing
        "google_dns_managed_zone_iam_member",
        "google_kms_crypto_key_iam_member",
        "google_project_iam_member",
        "google_pubsub_topic_iam_member",
        "google_secret_manager_secret_iam_member",
        "google_service_account_iam_member",
        "google_storage_bucket_iam_member",
        # settings of the project
        "google_binary_authorization_policy",
        "google_project_default_service_accounts",
        "google_project_iam_audit_config",
        "google_project_service",
        # one more version, which becomes the current one
        "google_secret_manager_secret_version",
    }
)


def find(candidates: Sequence[Candidate], *, environment: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Import ids of the candidates that exist, or may exist: those whose name gives the id are not read.

    Raises TerraceError when Google Cloud cannot be read, or when two resources match one candidate.
    """
    readers: dict[str, Reader] = {}
    found = {}
    for candidate in candidates:
        if template := BY_NAME.get(candidate.type):
            identity = _filled(template, candidate)
        elif listing := BY_LISTING.get(candidate.type):
            if candidate.account not in readers:
                readers[candidate.account] = Reader(candidate.account, variables=variables)
            identity = listing(readers[candidate.account], candidate)
        else:
            continue
        if identity:
            found[candidate.address] = identity
    return found


def _filled(template: str, candidate: Candidate) -> str | None:
    """The template with the planned values; None if one of them is known after the apply only."""
    values = {name: value for name, value in candidate.values.items() if value not in (None, "")}
    values.setdefault("project", candidate.account)
    values.setdefault("region", candidate.region)
    values.setdefault("location", "global")
    if "cluster" in values:
        values["cluster"] = str(values["cluster"]).rpartition("/")[2]
    try:
        return template.format_map(values)
    except KeyError:
        return None
