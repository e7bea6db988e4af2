"""Tags that others set: no drift and no removal, with real Terraform and the AWS provider on the emulated AWS."""

import os
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from terrace.deployment import drift, lifecycle
from terrace.emulator import Emulator
from tests.conftest import Foundations
from tests.deployment.conftest import SmallProject, resource

REGION = "eu-central-1"


def test_tags_of_others_stay_and_own_tags_are_still_compared(
    small: SmallProject, aws: Emulator, yes: Callable[[object], bool], foundation: Foundations
) -> None:
    (provider, *_) = foundation("dev", "aws").document["provider"]["aws"]
    ignored = provider["ignore_tags"]
    ignored = {**(ignored[0] if isinstance(ignored, list) else ignored), "keys": ["finance-report"]}
    deployment = small.deployment(variables=aws.child_environment(os.environ))
    sqs = boto3.client(
        "sqs", region_name=REGION, endpoint_url=f"http://127.0.0.1:{aws.backend_port}",
        aws_access_key_id="emulated", aws_secret_access_key="emulated",
    )  # fmt: skip

    def write(seconds: int) -> None:
        queue = resource("dev/lake/queue", name="tags-of-others", visibility_timeout_seconds=seconds)
        tags = {"tags": {"environment": "dev", "owner": "data-platform"}}
        settings = {"region": REGION, "default_tags": tags, "ignore_tags": ignored}
        small.stack({"aws_sqs_queue": {"queue": queue}}, provider={"aws": settings})

    write(30)
    lifecycle.plan(deployment)
    lifecycle.apply(deployment, confirm=yes)
    url = sqs.get_queue_url(QueueName="tags-of-others")["QueueUrl"]
    others = {"kubernetes.io/cluster/dpf-dev": "owned", "k8s.io/role": "worker", "finance-report": "q3"}
    sqs.tag_queue(QueueUrl=url, Tags=others)

    write(60)
    planned = lifecycle.plan(deployment)
    terraform = deployment.terraform()
    assert drift.report(terraform.show(planned.path), terraform.construct_paths()).effective == []
    assert planned.summary.count("change") == 1
    lifecycle.apply(deployment, confirm=yes)
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert tags == {**others, "environment": "dev", "owner": "data-platform"}

    sqs.untag_queue(QueueUrl=url, TagKeys=["owner"])
    sqs.tag_queue(QueueUrl=url, Tags={"unknown-tool": "x"})
    (drifted,) = lifecycle.find_drift(deployment).effective
    changed = {attribute.path for attribute in drifted.attributes}
    assert changed == {"tags_all.owner", "tags.unknown-tool"}, "a removed tag, and one that nothing declares"


def test_aws_ignores_no_tag_that_a_resource_sets(foundation: Foundations) -> None:
    """The provider would report an ignored tag of a stack as a difference for ever."""
    document = foundation("prod", "aws").document
    ignored: Any = document["provider"]["aws"][0]["ignore_tags"]
    prefixes = tuple((ignored[0] if isinstance(ignored, list) else ignored)["key_prefixes"])
    keys = {
        key
        for resources in document["resource"].values()
        for body in resources.values()
        for key in (body.get("tags") or {})
    }
    assert keys and not [key for key in keys if key.startswith(prefixes)]


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_other_clouds_ignore_the_keys_in_each_map_that_terraform_replaces(
    cloud: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from terrace import engine
    from terrace.environment import load, target
    from terrace.stacks.foundation import Foundation
    from tests.conftest import ROOT, SynthesizedStack

    loaded = load("dev", project=ROOT, cloud=cloud).environment
    ownership = loaded.ownership.model_copy(update={"ignored_tags": ("finance-report",)})
    environment = loaded.model_copy(update={"ownership": ownership}).with_modules(loaded.enabled_modules)
    app = engine.app(str(tmp_path_factory.mktemp("out")))
    stack = SynthesizedStack(Foundation(app, environment, target(environment)).to_terraform())
    pool, database = {
        "azure": ("azurerm_kubernetes_cluster", "azurerm_postgresql_flexible_server"),
        "gcp": ("google_container_node_pool", "google_sql_database_instance"),
    }[cloud]
    nested, settings = {
        "azure": ('default_node_pool[0].tags["finance-report"]', 'tags["finance-report"]'),
        "gcp": ('node_config[0].resource_labels["finance-report"]', 'settings[0].user_labels["finance-report"]'),
    }[cloud]
    for _, body in stack.all(pool):
        assert nested in body["lifecycle"]["ignore_changes"]
    for _, body in stack.all(database):
        assert settings in body["lifecycle"]["ignore_changes"]
        assert len(body["lifecycle"]["ignore_changes"]) > 1, "what was ignored before"
