"""docs/emulators.md is up to date with the code."""

from pathlib import Path

from terrace.emulator import clouds, coverage, not_emulated
from terrace.emulator.aws.patches import table
from tests.conftest import Foundations

PAGE = (Path(__file__).parents[2] / "docs" / "emulators.md").read_text()


def test_the_patches_table_is_current() -> None:
    documented = PAGE.partition("<!-- patches: begin -->\n")[2].partition("\n<!-- patches: end -->")[0]
    assert documented == table(), "run python -m terrace.emulator.aws.patches and copy its output"


def test_every_not_emulated_entry_is_documented() -> None:
    for cloud in clouds():
        for entry in not_emulated(cloud):
            assert f"- **{entry.what}**: {entry.reason}." in PAGE


def test_the_coverage_table_is_current(foundation: Foundations) -> None:
    stacks = {
        cloud: [foundation(environment, cloud).document for environment in ("dev", "staging", "prod")]
        for cloud in clouds()
    }
    documented = PAGE.partition("<!-- coverage: begin -->\n")[2].partition("\n<!-- coverage: end -->")[0]
    assert documented == coverage.table(stacks), "replace the table in docs/emulators.md with coverage.table(stacks)"
