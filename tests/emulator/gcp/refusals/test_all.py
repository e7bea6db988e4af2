"""All refusals together."""

import importlib
from pathlib import Path

from tests.emulator.gcp.refusals.invalid_request import InvalidRequest


def test_at_least_forty_invalid_requests_with_unique_ids() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    modules = [importlib.import_module(f"{__package__}.{file.stem}") for file in files]
    rows: list[InvalidRequest] = [row for module in modules for row in getattr(module, "INVALID_REQUESTS", ())]
    assert len({row.id for row in rows}) == len(rows) >= 40
