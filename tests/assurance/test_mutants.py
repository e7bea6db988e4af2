"""Each mutant breaks exactly the guarantees that it names, and every check is broken by some mutant."""

import pytest

from terrace.assurance.checks import of_cloud
from terrace.assurance.guarantees import GUARANTEES
from terrace.capabilities.cloud import CLOUDS
from tests.assurance.conftest import Written
from tests.assurance.mutants.run import Trial, mutants, trials


@pytest.fixture(scope="module", params=CLOUDS)
def tried(request: pytest.FixtureRequest, written: Written) -> tuple[str, list[Trial]]:
    cloud: str = request.param
    return cloud, trials(cloud, lambda shape: written(cloud, shape))


def test_every_mutant_breaks_what_it_says_and_nothing_else(tried: tuple[str, list[Trial]]) -> None:
    survivors = [f"{trial.shape}: {trial.mutant}: {trial.survives}" for trial in tried[1] if trial.survives]
    assert survivors == []
    assert tried[1]


def test_every_check_is_one_that_a_mutant_breaks(tried: tuple[str, list[Trial]]) -> None:
    cloud, results = tried
    broken = {id for trial in results for id in trial.checks}
    assert set(of_cloud(cloud)) - broken == set()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_has_a_mutant_of_its_own(cloud: str) -> None:
    alone = {mutant.breaks[0] for mutant in mutants(cloud) if len(mutant.breaks) == 1}
    assert {row.id for row in GUARANTEES} - alone == set()
