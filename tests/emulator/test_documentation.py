"""docs/emulators.md says what the code says."""

from pathlib import Path

from terrace.emulator import clouds, coverage, not_emulated
from terrace.emulator.aws.patches import table
from tests.conftest import Foundations

PAGE = (Path(__file__).parents[2] / "docs" / "emulators.md").read_text()


def test_the_table_of_patches_is_current() -> None:
    written = PAGE.partition("<!-- patches: begin -->\n")[2].partition("\n<!-- patches: end -->")[0]
    assert written == table(), "python -m terrace.emulator.aws.patches prints the new one"


def test_what_is_not_proven_is_all_there() -> None:
    for cloud in clouds():
        for entry in not_emulated(cloud):
            assert f"- **{entry.what}**: {entry.reason}." in PAGE


def test_the_table_of_what_is_carried_is_current(foundation: Foundations) -> None:
    stacks = {
        cloud: [foundation(environment, cloud).document for environment in ("dev", "staging", "prod")]
        for cloud in clouds()
    }
    written = PAGE.partition("<!-- coverage: begin -->\n")[2].partition("\n<!-- coverage: end -->")[0]
    assert written == coverage.table(stacks), "the table in docs/emulators.md is what terrace.emulator.coverage writes"
