"""Every mutant breaks exactly the guarantees that it names, and every check is broken by some mutant."""

import pytest

from terrace.assurance.checks import of_cloud
from terrace.assurance.guarantees import GUARANTEES
from terrace.capabilities.cloud import CLOUDS
from tests.assurance.conftest import Written
from tests.assurance.mutants.run import mutants, trials
from tests.assurance.test_streams import mutants as of_streams


@pytest.mark.e2e  # test_gate.py has several of them in one stack
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_mutant_breaks_what_it_names_and_no_more_and_every_check_is_broken(cloud: str, written: Written) -> None:
    """Each alone, in one of its environments; `make mutants` has them all."""
    results = trials(cloud, lambda environment: written(cloud, environment), once=True)
    assert [f"{trial.environment}: {trial.mutant}: {trial.survives}" for trial in results if trial.survives] == []
    broken = {id for trial in results for id in trial.checks}
    elsewhere = {id for id in of_cloud(cloud) if id.startswith(f"{cloud}.streams.")}  # test_streams.py
    assert set(of_cloud(cloud)) - broken == elsewhere


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_has_a_mutant_of_its_own(cloud: str) -> None:
    alone = {mutant.breaks[0] for mutant in (*mutants(cloud), *of_streams(cloud)) if len(mutant.breaks) == 1}
    assert {row.id for row in GUARANTEES} - alone == set()
