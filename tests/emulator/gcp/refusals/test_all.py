"""The refusals as a whole."""

import importlib
from pathlib import Path

from tests.emulator.gcp.refusals.wrong import Wrong


def test_at_least_forty_wrong_configurations_are_refused() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    modules = [importlib.import_module(f"{__package__}.{file.stem}") for file in files]
    rows: list[Wrong] = [row for module in modules for row in getattr(module, "WRONG", ())]
    assert len({row.id for row in rows}) == len(rows) >= 40
