"""Where a stack goes: prefix, regions, zones, tags."""

import pytest

from terrace.environment import load, regions, target
from terrace.environment.naming import LIMITS, excesses, prefix
from terrace.environment.sizes import SIZES
from terrace.errors import AnswerIsNo
from tests.environment.conftest import Write


def test_a_target_in_prod(write: Write) -> None:
    aim = target(load("qa", project=write("ownership: {tags: {team: core}}\n")).environment)
    assert (aim.prefix, aim.region, aim.recovery_region) == ("dpf-qa", "eu-central-1", "eu-west-3")
    assert aim.zones == ("eu-central-1a", "eu-central-1b", "eu-central-1c") and aim.spare_zones == ()
    assert aim.tags == {
        "team": "core",
        "environment": "qa",
        "owner": "data-platform",
        "cost-centre": "cc-42",
        "data-classification": "confidential",
        "managed-by": "terrace",
    }
    assert aim.protected and not aim.offline


def test_dev_is_not_protected_unless_asked(write: Write) -> None:
    environment = load("qa", project=write("tier: dev\nnetwork: {zones: 1}\n")).environment
    assert not target(environment).protected
    assert target(environment, protected=True, offline=True).protected
    assert target(environment).spare_zones == ("eu-central-1b", "eu-central-1c")


def test_exact_zones_replace_the_first_ones(write: Write) -> None:
    body = "tier: dev\nnetwork: {zones: 1}\naws: {zones: [eu-central-1c]}\n"
    aim = target(load("qa", project=write(body)).environment)
    assert aim.zones == ("eu-central-1c",) and aim.spare_zones == ("eu-central-1a", "eu-central-1b")


def test_the_clouds_own_name_of_a_region_is_a_place_too(write: Write) -> None:
    aim = target(load("qa", project=write("region: eu-west-3\nrecovery_region: eu-central-1\n")).environment)
    assert (aim.region, aim.recovery_region) == ("eu-west-3", "eu-central-1")


def test_an_environment_by_hand_without_its_cloud(write: Write) -> None:
    environment = load("qa", project=write()).environment
    with pytest.raises(AnswerIsNo, match="no section `aws`"):
        target(environment.model_copy(update={"aws": None}))
    with pytest.raises(AnswerIsNo, match="no region 'atlantis'"):
        target(environment.model_copy(update={"region": "atlantis"}))


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_every_place_and_size_is_on_every_cloud(cloud: str) -> None:
    for place in regions.PLACES:
        name = regions.region(cloud, place)  # type: ignore[arg-type]
        assert name and regions.region(cloud, name) == name  # type: ignore[arg-type]
        assert len(set(regions.zones(cloud, name))) == 3  # type: ignore[arg-type]
    assert all(cloud in machines for sizes in SIZES.values() for machines in sizes.values())


def test_regions_of_a_cloud_are_told_apart() -> None:
    for cloud in range(3):
        found = [place[cloud] for place in regions.PLACES.values()]
        assert len(found) == len(set(found))


def test_sizes_grow() -> None:
    for kind, sizes in SIZES.items():
        for cloud in ("aws", "azure", "gcp"):
            memory = [sizes[size][cloud].memory_gb for size in ("small", "medium", "large", "xlarge")]  # type: ignore[index]
            assert memory == sorted(memory), (kind, cloud)


def test_the_longest_prefix_fits_aws_by_itself(write: Write) -> None:
    """Twelve and twelve characters: only a module's or a pool's name can exceed what AWS takes."""
    project = write("project: dataplatform\n", name="acceptances1")
    environment = load("acceptances1", project=project).environment
    assert len(prefix(environment)) == 25
    for limit in LIMITS["aws"]:
        if not limit.per:
            assert len(prefix(environment) + limit.suffix) <= limit.characters, limit


def test_a_node_pool_that_azure_cuts(write: Write) -> None:
    pools = "cluster:\n  pools:\n    interruptible: {kind: spot, size: small, min_nodes: 0, max_nodes: 2}\n"
    environment = load("acceptance", project=write(pools, name="acceptance")).environment
    assert list(excesses(environment)) == []
    (excess,) = excesses(environment.model_copy(update={"cloud": "azure"}))
    assert (excess.name, excess.limit, excess.over) == ("interruptible", 12, 1)


def test_a_long_prefix_fits_where_azure_cuts_names(write: Write) -> None:
    environment = load("acceptance", project=write("project: dataplatform\n", name="acceptance")).environment
    assert list(excesses(environment.model_copy(update={"cloud": "azure"}))) == []
