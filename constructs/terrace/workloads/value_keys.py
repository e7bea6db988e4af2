"""Keys of values that a chart does not know: a misspelt key is silently ignored by Helm."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from terrace.workloads import charts, manifests
from terrace.workloads.charts import LocalChart

_AT_TOP = re.compile(r"\.Values\.([A-Za-z0-9_-]+)|index \$?\.Values \"([^\"]+)\"")
_COMMENTED = re.compile(r"^# ?([A-Za-z0-9_-]+):", re.MULTILINE)
_VARYING = re.compile(
    r"\b(rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(PrivateKey|CA|CAWithKey|SelfSignedCert|SignedCert)"
    r"(WithKey)?|uuidv4|shuffle|htpasswd|bcrypt)\b|\{\{[^}]*\bnow\b"
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class _Known:
    """What a chart says about its values: defaults, subcharts and their defaults, keys that templates read at the top,
    and all words of its files."""

    defaults: Mapping[str, Any]
    subcharts: Mapping[str, Mapping[str, Any]]
    top: frozenset[str]
    words: frozenset[str]
    varies: bool


def unknown(chart: LocalChart, values: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Paths of keys in `values` that the chart does not know.

    A key is known if the chart's values.yaml sets it, or if some file of the chart names it: templates read keys
    without a default, and comments document them. Below a default that is an empty mapping, everything is free.
    """
    known = _known(chart.path, chart.sha256)
    return list(_unknown(values, known.defaults, known, ()))


def may_vary(chart: LocalChart) -> bool:
    """Whether the chart uses a function whose result differs from render to render."""
    return _known(chart.path, chart.sha256).varies


def without(values: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy of values without the key at a path."""
    key, *rest = path
    if not rest:
        return {name: value for name, value in values.items() if str(name) != key}
    return {
        name: without(value, tuple(rest)) if str(name) == key and isinstance(value, Mapping) else value
        for name, value in values.items()
    }


def _unknown(
    values: Mapping[str, Any], defaults: Mapping[str, Any], known: _Known, path: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        here = (*path, str(key))
        if not path and key in known.subcharts:
            below = _merged(known.subcharts[key], defaults.get(key))
        elif not path and key == "global":
            continue
        elif key in defaults:
            below = defaults[key]
        elif str(key) in (known.words if path else known.top):
            continue
        else:
            yield here
            continue
        if isinstance(value, Mapping) and isinstance(below, Mapping) and below:
            yield from _unknown(value, below, known, here)


def _merged(one: Mapping[str, Any], other: Any) -> Mapping[str, Any]:
    return {**one, **other} if isinstance(other, Mapping) else one


@lru_cache(maxsize=256)
def _known(path: Path, _sha256: str) -> _Known:
    words: set[str] = set()
    top: set[str] = set()
    varies = False
    subcharts: dict[str, Mapping[str, Any]] = {}
    for name, text in charts.texts(path):
        *_, file = name.split("/")
        words.update(_WORD.findall(text))
        varies = varies or bool(_VARYING.search(text))
        if not name.startswith("charts/"):
            top.update(first or second for first, second in _AT_TOP.findall(text))
            top.update(_COMMENTED.findall(text) if file == "values.yaml" else ())
        inside = re.fullmatch(r"charts/([^/]+)/values\.yaml", name)
        if inside:
            loaded = manifests.values(text)
            subcharts[inside[1]] = loaded if isinstance(loaded, dict) else {}
    for dependency in charts.metadata(path).get("dependencies") or ():
        alias = dependency.get("alias")
        subcharts.setdefault(alias or dependency["name"], subcharts.get(dependency["name"], {}))
    return _Known(charts.default_values(path), subcharts, frozenset(top), frozenset(words), varies)
