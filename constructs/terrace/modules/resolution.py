"""Stub until the branch contract lands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.documents.document import plain
from terrace.documents.reading import read
from terrace.errors import Problem
from terrace.modules.contract import Module
from terrace.modules.enabled import EnabledModule

_SIZES: Any = {"dev": "small", "staging": "medium", "prod": "large"}


@dataclass(frozen=True)
class Resolution:
    enabled: dict[str, EnabledModule]
    problems: list[Problem]


def resolve(chosen: Mapping[str, Any], available: Mapping[str, Path], *, project: Path, tier: str, gpu: bool) -> Resolution:
    enabled, problems = {}, []
    for name, spec in chosen.items():
        if not spec.enabled:
            continue
        if name not in available:
            problems.append(Problem(f"unknown module {name!r}.", path=f"modules.{name}"))
            continue
        document = read(available[name] / "module.yaml", str(available[name] / "module.yaml"))
        contract = Module.model_validate_json(json.dumps(plain(document.root)), strict=True)
        enabled[name] = EnabledModule(name, contract, available[name], spec.namespace or name, spec.size or _SIZES[tier],
                                      {**contract.settings, **spec.settings}, spec.values, ())
    return Resolution(enabled, problems)
