"""Remove keys from the text of a YAML file; everything else, comments included, stays as it is written."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


def without_keys(text: str, keys: Sequence[tuple[str, str]], *, section: str = "modules") -> str:
    """`text` without the keys `<section>.<name>.<key>`. A comment beside or between removed lines stays, on a line of
    its own. Raises ValueError for an alias, and for a comment in a mapping on several lines in braces."""
    from ruamel.yaml import YAML

    root = YAML(typ="safe", pure=True).compose(text)
    edits: dict[tuple[int, int], str] = {}
    for name, module in _items(_value(root, section)):
        doomed = [wanted for owner, wanted in keys if owner == name.value]
        edits |= _flow_edits(text, module, doomed) if module.flow_style else _block_edits(text, name, module, doomed)
    for (start, end), replacement in sorted(edits.items(), reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _items(mapping: Any) -> list[tuple[Any, Any]]:
    return list(mapping.value) if mapping is not None and mapping.tag.endswith(":map") else []


def _value(mapping: Any, key: str) -> Any:
    return next((value for name, value in _items(mapping) if name.value == key), None)


def _block_edits(text: str, name: Any, module: Any, doomed: Sequence[str]) -> dict[tuple[int, int], str]:
    """A module with a key a line: whole lines go. A module without any key left becomes `{}`."""
    edits: dict[tuple[int, int], str] = {}
    removed = [(key, value) for key, value in _items(module) if key.value in doomed]
    for key, value in removed:
        if value.start_mark.index < key.end_mark.index:
            raise ValueError("an alias")
        start = text.rfind("\n", 0, key.start_mark.index) + 1
        stop = text.find("\n", max(key.end_mark.index, *(end for _, end in _scalars(value)), 0))
        stop = len(text) if stop < 0 else stop + 1
        edits[start, stop] = "".join(_comments(text, start, stop, [*_scalars(key), *_scalars(value)]))
    if removed and len(removed) == len(module.value):
        colon = text.index(":", name.end_mark.index) + 1
        edits[colon, colon] = " {}"
    return edits


def _flow_edits(text: str, module: Any, doomed: Sequence[str]) -> dict[tuple[int, int], str]:
    """A module in braces: each run of removed keys goes with one comma."""
    edits: dict[tuple[int, int], str] = {}
    items = _items(module)
    for is_doomed, group in groupby(range(len(items)), key=lambda at: items[at][0].value in doomed):
        run = list(group)
        if not is_doomed:
            continue
        start, end = items[run[0]][0].start_mark.index, items[run[-1]][1].end_mark.index
        if run[-1] + 1 < len(items):
            end = items[run[-1] + 1][0].start_mark.index
        elif run[0] > 0:
            start = items[run[0] - 1][1].end_mark.index
        spans = [span for at in run for node in items[at] for span in _scalars(node)]
        if start > end or next(_comments(text, start, end, spans), None):
            raise ValueError("an alias, or a comment in braces")
        edits[start, end] = ""
    return edits


def _scalars(node: Any) -> list[tuple[int, int]]:
    """The positions of all scalars of a value; the end of a mapping in braces counts as one."""
    if isinstance(node.value, str):
        return [(node.start_mark.index, node.end_mark.index)]
    children = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    spans = [span for child in children for span in _scalars(child)]
    return [*spans, (node.end_mark.index - 1, node.end_mark.index)] if node.flow_style else spans


def _comments(text: str, start: int, stop: int, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The comments in a part of the text, each as a line of its own."""
    masked = text[start:stop]
    for first, last in spans:
        if start <= first < last <= stop:
            masked = masked[: first - start] + re.sub(r"[^\n]", "x", text[first:last]) + masked[last - start :]
    indent = masked[: len(masked) - len(masked.lstrip(" "))]
    for line in masked.splitlines():
        if found := _COMMENT.search(line):
            yield f"{indent}{found[0]}\n"
