"""What types cannot say. A rule takes an environment and yields what is wrong with it; positions are added later.

Each rule is one function of the files beside this one, and stands in RULES, or it is not asked.
"""

from collections.abc import Iterator

from terrace.environment.rules import aws, azure, data, gcp, network, resilience, workloads
from terrace.environment.rules import location as place
from terrace.environment.rules.cloud_rule import Rule
from terrace.environment.schema import Environment
from terrace.errors import Problem

RULES: tuple[Rule, ...] = (
    place.regions_are_of_the_cloud,
    place.recovery_is_elsewhere_under_the_same_law,
    place.zones_are_of_the_region,
    place.names_fit,
    place.tags_are_not_ours,
    place.state_has_a_bucket_only_when_remote,
    network.ranges_are_canonical,
    network.network_has_room,
    network.services_have_a_range_of_their_own,
    network.office_is_elsewhere,
    network.api_is_not_open_to_the_world,
    network.zones_suit_the_tier,
    network.prod_leaves_by_every_zone,
    network.prod_blocks_at_the_entry,
    resilience.database_survives_a_zone,
    resilience.database_is_protected,
    resilience.prod_cache_survives_a_zone,
    resilience.prod_has_a_second_region,
    resilience.prod_copies_the_lake,
    resilience.prod_copies_its_backups,
    resilience.copies_have_somewhere_to_go,
    resilience.a_standby_wants_a_steady_machine,
    resilience.storage_can_grow,
    resilience.backups_run_at_least_daily,
    resilience.recovery_point_can_be_met,
    resilience.recovery_time_can_be_met,
    resilience.cold_backups_are_kept_long_enough,
    data.each_bucket_has_a_lifecycle,
    data.objects_cool_before_they_go,
    data.locked_objects_do_not_expire,
    data.cluster_backups_outlive_their_plan,
    data.audit_period_is_for_sale,
    data.logs_are_kept_long_enough,
    data.products_have_names_of_their_own,
    data.products_fit_their_layers,
    data.products_are_not_above_the_environment,
    workloads.pools_have_room,
    workloads.platform_has_a_pool,
    workloads.special_pools_are_kept_apart,
    workloads.exact_machines_are_of_pools,
    workloads.modules_have_names_of_their_own,
    workloads.people_can_be_told,
    workloads.only_dev_sleeps,
    workloads.time_zone_exists,
    aws.names_begin_with_nothing_of_aws,
    aws.the_office_has_a_number_of_its_own,
    aws.exact_machines_run_the_pools_image,
    azure.names_hold_no_word_of_azures,
    azure.a_state_account_is_called_as_accounts_are,
    azure.pools_differ_without_their_hyphens,
    azure.the_office_has_a_number_azure_leaves,
    azure.ranges_leave_room_for_the_cluster,
    azure.an_exact_machine_can_have_a_standby,
    azure.nodes_have_room_for_their_image,
    azure.flow_logs_can_be_kept,
    gcp.buckets_are_not_called_as_google_is,
    gcp.the_office_has_another_number_than_the_router,
    gcp.requests_can_be_counted,
    gcp.exact_machines_take_the_pools_gpu,
    gcp.the_edition_keeps_the_recovery,
    gcp.records_can_be_kept,
)


def judge(environment: Environment, *, partial: bool = False) -> Iterator[Problem]:
    """Every rule's problems. A `partial` environment lacks what is wrong by type; rules that need that are left out."""
    for rule in RULES:
        try:
            yield from rule(environment)
        except AttributeError:
            if not partial:
                raise
