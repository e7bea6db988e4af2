"""Commands that are given a bootstrap stack and are not for one."""

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("destroy", "dev-bootstrap", "--yes", "dev-bootstrap"), "terrace bootstrap dev --destroy"),
        (("drift", "dev-bootstrap", "--repair"), "terrace bootstrap dev"),
        (("gate", "dev-bootstrap"), "name dev"),
    ],
)
def test_a_command_that_is_not_for_a_bootstrap_names_the_one_that_is(
    terrace: Command, arguments: tuple[str, ...], hint: str
) -> None:
    refused = terrace.run(*arguments)
    assert refused.returncode == 2 and hint in refused.stderr


def test_a_local_state_has_no_state_home(terrace: Command) -> None:
    refused = terrace.run("bootstrap", "dev", "--state-only", "--yes")
    assert refused.returncode == 1 and ".terrace/state" in refused.stderr
