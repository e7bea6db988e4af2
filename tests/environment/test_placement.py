"""The target of an environment: prefix, regions, zones and tags; and limits on names."""

import json
from pathlib import Path

import botocore
import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, regions, target
from terrace.environment.naming import LIMITS, long_names, prefix
from terrace.environment.rules import cross_environment
from terrace.environment.sizes import SIZES
from terrace.errors import AnswerIsNo, InvalidEnvironment
from tests.environment.conftest import Write


def test_target_of_a_prod_environment(write: Write) -> None:
    result = target(load("qa", project=write("ownership: {tags: {team: core}}\n")).environment)
    assert (result.prefix, result.region, result.recovery_region) == ("dpf-qa", "eu-central-1", "eu-west-3")
    assert result.zones == ("eu-central-1a", "eu-central-1b", "eu-central-1c") and result.spare_zones == ()
    assert result.tags == {
        "team": "core",
        "environment": "qa",
        "owner": "data-platform",
        "cost-centre": "cc-42",
        "data-classification": "confidential",
        "managed-by": "terrace",
    }
    assert result.protected and not result.offline


def test_an_organisation_names_and_tags_as_it_does_elsewhere(write: Write) -> None:
    lines = "naming:\n  pattern: 'acme-{environment}-{project}'\n  tag_keys: {owner: Team, cost_centre: CostCenter}\n"
    result = target(load("qa", project=write(lines)).environment)
    assert result.prefix == "acme-qa-dpf"
    assert result.tags["Team"] == "data-platform" and result.tags["CostCenter"] == "cc-42"
    assert result.required_tags == ("environment", "Team", "CostCenter", "data-classification", "managed-by")
    assert set(result.required_tags) == set(result.tags)


def test_two_environments_of_an_account_do_not_share_names(write: Write) -> None:
    environment = load("qa", project=write("naming: {pattern: '{project}{environment}'}\n")).environment
    other = environment.model_copy(update={"project": "dp", "name": "fqa"})
    (problem,) = cross_environment.names_differ(environment, other)
    assert problem.message == "names start with 'dpfqa', as those of qa in the same account."
    assert not list(cross_environment.names_differ(environment, other.model_copy(update={"name": "uat"})))


def test_dev_is_not_protected_by_default(write: Write) -> None:
    environment = load("qa", project=write("tier: dev\nnetwork: {zones: 1}\n")).environment
    assert not target(environment).protected
    assert target(environment, protected=True, offline=True).protected
    assert target(environment).spare_zones == ("eu-central-1b", "eu-central-1c")


def test_exact_zones_replace_the_first_ones(write: Write) -> None:
    body = "tier: dev\nnetwork: {zones: 1}\naws: {zones: [eu-central-1c]}\n"
    result = target(load("qa", project=write(body)).environment)
    assert result.zones == ("eu-central-1c",) and result.spare_zones == ("eu-central-1a", "eu-central-1b")


def test_a_region_may_have_the_clouds_own_name(write: Write) -> None:
    result = target(load("qa", project=write("region: eu-west-3\nrecovery_region: eu-central-1\n")).environment)
    assert (result.region, result.recovery_region) == ("eu-west-3", "eu-central-1")


def test_target_of_an_environment_that_was_not_loaded(write: Write) -> None:
    environment = load("qa", project=write()).environment
    with pytest.raises(AnswerIsNo, match="no section `aws`"):
        target(environment.model_copy(update={"aws": None}))
    with pytest.raises(AnswerIsNo, match="unknown region 'atlantis'"):
        target(environment.model_copy(update={"region": "atlantis"}))


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_every_region_and_size_exists_on_every_cloud(cloud: str) -> None:
    for region in regions.REGIONS:
        name = regions.region_name(cloud, region)  # type: ignore[arg-type]
        assert name and regions.region_name(cloud, name) == name  # type: ignore[arg-type]
        assert len(set(regions.zones(cloud, name))) == 3  # type: ignore[arg-type]
    assert all(cloud in machines for sizes in SIZES.values() for machines in sizes.values())


def test_region_names_of_a_cloud_are_unique() -> None:
    for cloud in range(3):
        names = [region[cloud] for region in regions.REGIONS.values()]
        assert len(names) == len(set(names))


def test_sizes_are_in_order_of_memory() -> None:
    for kind, sizes in SIZES.items():
        for cloud in ("aws", "azure", "gcp"):
            memory = [sizes[size][cloud].memory_gb for size in ("small", "medium", "large", "xlarge")]  # type: ignore[index]
            assert memory == sorted(memory), (kind, cloud)


def test_the_longest_prefix_fits_on_aws(write: Write) -> None:
    """With a prefix of 25 characters, only a module's or a pool's name can exceed a limit."""
    project = write("project: dataplatform\n", name="acceptances1")
    environment = load("acceptances1", project=project).environment
    assert len(prefix(environment)) == 25
    for limit in LIMITS["aws"]:
        if not limit.per:
            assert len(prefix(environment) + limit.suffix) <= limit.characters, limit


def test_a_pool_name_may_be_too_long_for_azure(write: Write) -> None:
    pools = "cluster:\n  pools:\n    interruptible: {kind: spot, size: small, min_nodes: 0, max_nodes: 2}\n"
    environment = load("acceptance", project=write(pools, name="acceptance")).environment
    assert list(long_names(environment)) == []
    (long_name,) = long_names(environment.model_copy(update={"cloud": "azure"}))
    assert (long_name.name, long_name.limit, long_name.excess) == ("interruptible", 12, 1)


def test_a_long_prefix_fits_on_azure(write: Write) -> None:
    environment = load("acceptance", project=write("project: dataplatform\n", name="acceptance")).environment
    assert list(long_names(environment.model_copy(update={"cloud": "azure"}))) == []


def test_every_region_of_aws_is_known() -> None:
    """What botocore calls a region of the partitions that anyone can use, and the government's."""
    endpoints = json.loads((Path(botocore.__file__).parent / "data" / "endpoints.json").read_text())
    partitions = {one["partition"]: one["regions"] for one in endpoints["partitions"]}
    wanted = {region for name in ("aws", "aws-cn", "aws-us-gov") for region in partitions[name]}
    assert set(regions.BY_CLOUD["aws"]) == wanted


def test_a_region_without_a_common_name_has_the_clouds_own_zones() -> None:
    assert regions.jurisdiction("aws", "eu-west-1") == "eu"
    assert regions.zones("gcp", "us-east1") == ("us-east1-b", "us-east1-c", "us-east1-d")
    assert regions.zones("aws", "ap-northeast-1") == ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
    assert regions.zones("azure", "westeurope") == ("1", "2", "3") and regions.zones("azure", "ukwest") == ()
    for region in regions.REGIONS.values():
        for cloud in CLOUDS:
            assert regions.jurisdiction(cloud, getattr(region, cloud)) == region.jurisdiction


@pytest.mark.parametrize(
    ("cloud", "region", "message"),
    [
        ("aws", "eu-west-9", "'eu-west-9' is not known to Terrace as a region of aws"),
        ("azure", "ukwest", "ukwest has no availability zones, but network.zones is 3."),
        ("gcp", "us-central9", "'us-central9' is not known to Terrace as a region of gcp"),
    ],
)
def test_no_region_of_another_jurisdiction_is_suggested(cloud: str, region: str, message: str, write: Write) -> None:
    with pytest.raises(InvalidEnvironment) as caught:
        load("qa", project=write(f"region: {region}\nrecovery_region: null\n"), cloud=cloud)
    problem = next(str(one) for one in caught.value.problems if one.path == "region")
    assert message in problem
    assert "Did you mean" not in problem or "us-central1" in problem
