"""Summaries of plans that real Terraform made."""

from typing import Any

import pytest

from terrace.deployment import lifecycle
from terrace.deployment.changes import Change, summarize, verb_of
from tests.deployment.conftest import SmallProject, resource


def test_each_change_has_a_verb_a_reason_and_a_capability(small: SmallProject) -> None:
    small.stack(
        {
            "terraform_data": {
                "same": resource("dev/lake/same", input="a"),
                "changed": resource("dev/lake/changed", input="a"),
                "replaced": resource("dev/database/replaced", triggers_replace="a"),
                "gone": resource("dev/cache/gone"),
                "dependent": resource("dev/cache/moved", triggers_replace="${terraform_data.replaced.id}"),
            }
        }
    )
    deployment = small.deployment(environment_line=lambda construct: f"environments/dev.yaml:7:3 ({construct})")
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=lambda saved: True)
    small.stack(
        {
            "terraform_data": {
                "same": resource("dev/lake/same", input="a"),
                "changed": resource("dev/lake/changed", input="b"),
                "replaced": resource("dev/database/replaced", triggers_replace="b"),
                "added": resource("dev/keys/added"),
                "dependent": resource("dev/cache/moved", triggers_replace="${terraform_data.replaced.id}"),
            }
        },
        output={"new": {"value": "x"}},
    )
    summary = lifecycle.plan(deployment).summary
    actual = {
        change.address.partition(".")[2]: (change.verb, change.reasons, change.capability) for change in summary.changes
    }
    assert actual == {
        "added": ("add", (), "keys"),
        "changed": ("change", (), "lake"),
        "gone": ("destroy", ("no longer in the stack",), "other"),  # its construct is no longer in the stack
        "dependent": ("replace", ("triggers_replace",), "cache"),
        "replaced": ("replace", ("triggers_replace",), "database"),
    }
    assert summary.outputs == 1
    changed = next(c for c in summary.changes if c.verb == "change")
    assert (changed.attributes, changed.settings) == (("input", "output"), ("input",))  # `output` is computed
    assert (changed.effect, summary.risk) == ("unknown", "unknown")
    replaced = next(c for c in summary.changes if c.address.endswith("replaced"))
    assert replaced.environment_line == "environments/dev.yaml:7:3 (dev/database/replaced)"


@pytest.mark.parametrize(
    ("after", "unknown", "settings"),
    [
        (None, {}, ("logging",)),
        ([], {}, ("logging",)),
        (None, {"logging": True}, ()),  # the provider computes it
        ([{"bucket": "b"}], {}, ()),
    ],
)
def test_an_argument_that_the_stack_removes_is_a_setting(
    after: object, unknown: dict[str, bool], settings: tuple[str, ...]
) -> None:
    change = {
        "actions": ["update"],
        "before": {"name": "a", "logging": [{"bucket": "a"}]},
        "after": {"name": "a", "logging": after},
        "after_unknown": unknown,
    }
    record = {"mode": "managed", "address": "aws_lb.a", "type": "aws_lb", "name": "a", "change": change}
    root = {"resources": [{"address": "aws_lb.a", "expressions": {"name": {"constant_value": "a"}}}]}
    (changed,) = summarize({"resource_changes": [record], "configuration": {"root_module": root}}, {}).changes
    assert changed.settings == settings


def test_only_replacing_or_destroying_a_stateful_resource_loses_data() -> None:
    assert Change("aws_db_instance.a", "aws_db_instance", "replace").loses_data
    assert Change("aws_s3_bucket.a", "aws_s3_bucket", "destroy").loses_data
    assert not Change("aws_s3_bucket.a", "aws_s3_bucket", "change").loses_data
    assert not Change("aws_iam_role.a", "aws_iam_role", "destroy").loses_data


@pytest.mark.parametrize(
    ("type", "settings", "effect"),
    [
        ("aws_db_instance", ("allocated_storage", "tags.owner"), "none"),
        ("aws_db_instance", ("allocated_storage", "instance_class"), "downtime"),
        ("aws_db_instance", ("instance_class", "vpc_security_group_ids[0]"), "downtime"),
        ("aws_db_instance", ("vpc_security_group_ids[0]",), "unknown"),
        ("aws_cloudwatch_metric_alarm", ("threshold",), "none"),
        ("google_sql_database_instance", ("settings[0].tier",), "downtime"),
        ("google_sql_database_instance", ("settings",), "unknown"),
        ("azurerm_kubernetes_cluster_node_pool", ("orchestrator_version",), "restart"),
        ("azurerm_kubernetes_cluster_node_pool", ("vm_size",), "downtime"),  # no node is drained
        ("aws_iam_role", ("description",), "unknown"),
    ],
)
def test_a_change_in_place_has_the_worst_documented_effect(type: str, settings: tuple[str, ...], effect: str) -> None:
    assert Change(f"{type}.a", type, "change", settings=settings).effect == effect


def test_a_removal_is_a_data_loss_or_not_known() -> None:
    assert Change("aws_s3_bucket.a", "aws_s3_bucket", "destroy").effect == "data-loss"
    assert Change("aws_iam_role.a", "aws_iam_role", "replace").effect == "unknown"
    assert Change("aws_eks_node_group.a", "aws_eks_node_group", "replace").effect == "downtime"
    assert Change("aws_eks_node_group.a", "aws_eks_node_group", "replace", created_first=True).effect == "restart"
    assert Change("aws_eks_node_group.a", "aws_eks_node_group", "destroy").effect == "unknown"
    assert Change("aws_iam_role.a", "aws_iam_role", "add").effect == "none"


@pytest.mark.parametrize(
    ("actions", "verb"),
    [
        (["no-op"], "none"),
        (["read"], "none"),
        (["create"], "add"),
        (["update"], "change"),
        (["delete"], "destroy"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
        (["forget"], "forget"),
        ([], "none"),
    ],
)
def test_terraforms_actions_map_to_one_verb(actions: list[str], verb: str) -> None:
    assert verb_of(actions) == verb


def test_an_instance_has_the_construct_of_its_resource() -> None:
    record = {
        "address": 'aws_subnet.a["x"]',
        "mode": "managed",
        "type": "aws_subnet",
        "change": {"actions": ["create"]},
    }
    summary = summarize({"resource_changes": [record]}, {"aws_subnet.a": "dev/network/a"})
    assert summary.changes[0].construct == "dev/network/a"


def _retention(mode: str) -> dict[str, Any]:
    return {"rule": [{"default_retention": [{"mode": mode, "days": 30}]}]}


@pytest.mark.parametrize(
    ("type", "before", "after"),
    [
        ("aws_s3_bucket_object_lock_configuration", _retention("GOVERNANCE"), _retention("COMPLIANCE")),
        ("aws_backup_vault_lock_configuration", {"changeable_for_days": None}, {"changeable_for_days": 3}),
        ("azurerm_storage_container_immutability_policy", {"locked": False}, {"locked": True}),
        ("azurerm_data_protection_backup_vault", {"immutability": "Unlocked"}, {"immutability": "Locked"}),
        (
            "google_storage_bucket",
            {"retention_policy": [{"is_locked": False}]},
            {"retention_policy": [{"is_locked": True}]},
        ),
        ("google_logging_project_bucket_config", {"locked": False}, {"locked": True}),
    ],
)
def test_a_lock_is_a_change_that_cannot_be_undone(type: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    def irreversible(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        change = {"actions": ["update"], "before": before, "after": after}
        record = {"address": f"{type}.a", "mode": "managed", "type": type, "name": "a", "change": change}
        return [
            sentence
            for one in summarize({"resource_changes": [record]}, {}).irreversible
            for sentence in one.irreversible
        ]

    (sentence,) = irreversible(before, after)
    assert " becomes " in sentence and "cannot be " in sentence
    assert irreversible(after, before) == []
