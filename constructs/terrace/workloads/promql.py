"""The metric names in PromQL expressions, and the names that are known to exist.

Known names are in `modules/<name>/metrics.txt`: one name a line, with its source beside it or in a comment. The name of
a histogram or summary stands for its series _bucket, _count and _sum.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_LITERALS = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`|#[^\n]*')
_BRACES = re.compile(r"\{[^{}]*\}")
_RANGES = re.compile(r"\[[^\[\]]*\]")
_LABEL_LISTS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)", re.IGNORECASE)
_DASHBOARD_VARIABLES = re.compile(r"\$\{?\w+(?::\w+)?\}?")
_NAMES = re.compile(r"(?<![\w:.])[A-Za-z_:][\w:]*(?!\s*\()(?![\w:])")
_NAME_MATCHERS = re.compile(r'__name__\s*=\s*"([^"]*)"')
_PARTS = re.compile(r"_(bucket|count|sum)$")
_KEYWORDS = {
    "and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "inf",
    "nan", "atan2", "start", "end",
}  # fmt: skip
_OWN = frozenset({"up", "ALERTS", "ALERTS_FOR_STATE", "scrape_duration_seconds", "scrape_samples_scraped"})
"""Series that Prometheus itself makes. Source: Prometheus, "Jobs and instances"."""


def metric_names(expression: str) -> set[str]:
    """The metrics that an expression reads."""
    names = set(_NAME_MATCHERS.findall(expression))
    text = _LITERALS.sub(" ", expression)
    for pattern in (_BRACES, _DASHBOARD_VARIABLES, _RANGES, _LABEL_LISTS):
        text = pattern.sub(" ", text)
    return names | {name for name in _NAMES.findall(text) if name.lower() not in _KEYWORDS}


def known(folders: Iterable[Path]) -> set[str]:
    """The metrics that the modules in these folders expose, and those of Prometheus itself."""
    names = set(_OWN)
    for folder in folders:
        path = folder / "metrics.txt"
        if path.is_file():
            names.update(_lines(path))
    return names


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield words[0]


def unknown(expressions: Iterable[str], known_names: Iterable[str], recorded: Iterable[str] = ()) -> set[str]:
    """The metrics of expressions that are neither known nor recorded by a rule."""
    exposed = {*known_names, *recorded}
    read = set().union(*(metric_names(expression) for expression in expressions))
    return {name for name in read if name not in exposed and _PARTS.sub("", name) not in exposed}
