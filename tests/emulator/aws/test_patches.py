"""Each patch has a test of its own that stock moto fails."""

import importlib

import pytest

from terrace.emulator.aws.patches import PATCHES, Patch, apply


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_has_a_gap_test_and_says_what_stock_moto_does(patch: Patch) -> None:
    service, _, name = patch.name.partition(".")
    tests = importlib.import_module(f"tests.emulator.aws.test_{service}")
    test = getattr(tests, f"test_{name}", None)
    assert test is not None, f"tests/emulator/aws/test_{service}.py has no test_{name}"
    assert test.__module__ == "tests.emulator.aws.gap", f"test_{name} does not compare with stock moto: use @gap"
    assert patch.stock.startswith("Stock moto ")


def test_unknown_patch() -> None:
    with pytest.raises(KeyError, match="no such patch"):
        apply(["eks.nonsense"])
