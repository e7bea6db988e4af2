"""A Helm release of the workloads stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.modules.contract import ChartSpec

WIRING = Path(__file__).with_name("chart")
"""Terrace's own chart: it installs the objects in its value `objects`."""


@dataclass(frozen=True)
class Release:
    """A release: installed atomically, after the releases named in `after`.

    `chart` is an upstream chart, or the path of a local one. `module` is the module that it belongs to.
    """

    name: str
    namespace: str
    module: str
    chart: ChartSpec | Path
    values: Mapping[str, Any]
    after: tuple[str, ...] = ()
    timeout_seconds: int = 600
