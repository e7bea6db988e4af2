"""How YAML 1.2 is parsed: scalars, positions, aliases."""

import pytest

from terrace.documents.document import complete, plain
from terrace.documents.parsing import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("010", 10), ("0o10", 8), ("0x1F", 31),
        ("1_000", "1_000"), ("1:30", "1:30"), ("true", True), ("False", False), ("'true'", "true"), ("~", None),
        ("", None), ("null", None), ("1.35", 1.35), ("1e3", 1000.0), ("2026-01-01", "2026-01-01"), ("-5", -5),
        ("1.2.3", "1.2.3"), ("=", "="),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    root = parse(f"key: {text}\n", "file.yaml").root
    assert isinstance(root.value, dict)
    parsed = root.value["key"].value
    assert parsed == value and type(parsed) is type(value)


def test_positions_count_from_one() -> None:
    root = parse("# one\nsection:\n  key: value\n  list: [a, b]\n", "f").root
    assert isinstance(root.value, dict)
    section = root.value["section"]
    assert isinstance(section.value, dict)
    assert (section.where, section.at) == ("f:2:1", "f:3:3")
    assert (section.value["key"].where, section.value["key"].key_at) == ("f:3:8", "f:3:3")
    items = section.value["list"]
    assert isinstance(items.value, list)
    assert (items.where, items.value[1].where) == ("f:4:3", "f:4:13")


def test_windows_line_ends_and_unicode_are_supported() -> None:
    document = parse("a: ä\r\nb: 日本\r\n", "f")
    assert plain(document.root) == {"a": "ä", "b": "日本"} and not document.problems


def test_aliases_are_expanded() -> None:
    document = parse("a: &x {b: 1}\nc: *x\nd: *x\n", "f")
    assert plain(document.root) == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}} and not document.problems


def test_keys_without_a_value_are_left_out_or_null() -> None:
    root = parse("a:\nb: {c: null, d: [null]}\n", "f").root
    assert plain(root) == {"b": {"d": [None]}}
    assert complete(root) == {"a": None, "b": {"c": None, "d": [None]}}
