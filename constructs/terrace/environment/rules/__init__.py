"""Checks that the schema cannot express. A rule takes an environment and yields problems; positions are added later.

A rule is a public function of a module in this folder. RULES lists all rules.
"""

from collections.abc import Iterator

from terrace.environment.rules import (
    aws,
    azure,
    data,
    existing,
    extensions,
    gcp,
    lifetime,
    location,
    network,
    resilience,
    services,
    workloads,
)
from terrace.environment.rules.cloud_rule import Rule
from terrace.environment.schema import Environment
from terrace.errors import Problem

RULES: tuple[Rule, ...] = (
    location.name_is_not_of_another_stack,
    location.regions_exist_on_cloud,
    location.region_has_zones,
    location.recovery_region_is_in_same_jurisdiction,
    location.zones_are_in_region,
    location.names_begin_as_every_cloud_allows,
    location.computed_names_are_not_too_long,
    location.tag_keys_differ,
    location.tags_are_not_reserved,
    location.ignored_tags_are_of_others,
    location.state_bucket_is_for_remote_state,
    lifetime.only_dev_expires,
    network.ranges_are_valid,
    network.network_has_supported_size,
    network.service_range_is_separate,
    network.peer_ranges_do_not_overlap,
    network.pools_fit_network,
    network.api_is_not_public,
    network.zones_meet_tier_minimum,
    network.prod_has_nat_in_each_zone,
    network.prod_firewall_blocks,
    resilience.database_has_standby,
    resilience.database_has_deletion_protection,
    resilience.cluster_has_deletion_protection,
    resilience.prod_cache_has_replica,
    resilience.prod_has_recovery_region,
    resilience.prod_replicates_lake,
    resilience.prod_copies_backups,
    resilience.copies_have_recovery_region,
    resilience.small_database_has_no_standby_or_replicas,
    resilience.storage_can_grow,
    resilience.backup_interval_is_supported,
    resilience.rpo_is_achievable,
    resilience.rto_is_achievable,
    resilience.archived_backups_meet_minimum_retention,
    data.each_bucket_has_lifecycle,
    data.lifecycle_steps_are_in_order,
    data.locked_objects_do_not_expire,
    data.backup_objects_outlive_backups,
    data.audit_retention_is_offered,
    data.log_retention_is_in_bounds,
    data.product_names_are_unique,
    data.layers_keep_product_data,
    data.product_classification_is_in_bounds,
    data.product_tables_differ,
    data.access_names_what_exists,
    data.access_is_given_once,
    data.unmasked_places_are_read_in_the_clear,
    workloads.pool_sizes_are_in_order,
    workloads.system_pool_exists,
    workloads.spot_and_gpu_pools_are_dedicated,
    workloads.node_types_have_pool,
    workloads.module_names_are_free,
    workloads.needed_sections_are_present,
    workloads.module_namespaces_are_free,
    workloads.escalation_channels_exist,
    workloads.only_dev_sleeps,
    workloads.time_zone_exists,
    services.hosts_with_login_have_client,
    services.identity_fits_ci_system,
    services.api_clients_are_few,
    services.alerts_reach_channel,
    existing.key_ids_are_of_cloud,
    existing.keys_can_be_existing,
    existing.network_is_complete,
    existing.network_stands_alone,
    existing.cluster_can_be_used,
    existing.dns_zone_is_of_domain,
    extensions.declarations_have_limits,
    aws.prefix_is_not_reserved,
    aws.partition_has_region,
    aws.tag_keys_are_allowed,
    aws.peer_asn_is_not_reserved,
    aws.node_types_are_x86,
    aws.ranges_are_not_reserved,
    azure.prefix_has_no_reserved_word,
    azure.tag_keys_are_allowed,
    azure.state_bucket_is_storage_account_name,
    azure.pool_names_differ_without_hyphens,
    azure.peer_asn_is_not_reserved,
    azure.ranges_are_not_reserved,
    azure.database_sku_supports_standby,
    azure.node_disk_fits_image,
    azure.flow_log_retention_is_supported,
    gcp.bucket_names_are_allowed,
    gcp.tag_keys_are_allowed,
    gcp.peer_asn_differs_from_router_asn,
    gcp.ranges_are_not_reserved,
    gcp.rate_limit_is_supported,
    gcp.gpu_node_types_support_t4,
    gcp.database_supports_recovery_days,
    gcp.audit_retention_is_supported,
)


def check(environment: Environment, *, partial: bool = False) -> Iterator[Problem]:
    """The problems of all rules. A `partial` environment lacks its invalid values; rules that need them are skipped."""
    for rule in RULES:
        try:
            yield from rule(environment)
        except AttributeError:
            if not partial:
                raise
