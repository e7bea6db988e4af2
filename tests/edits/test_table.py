"""The table of edits is complete."""

import re

from tests.edits import table


def test_every_field_has_an_edit() -> None:
    fields = {re.compile(re.escape(field).replace(r"\*", r"[^.]+")): field for field in table.schema_fields()}
    edited = {field for path in table.edited_fields() for pattern, field in fields.items() if pattern.fullmatch(path)}
    missing = sorted(set(fields.values()) - edited)
    assert missing == [], "fields without an edit in tests/edits/edits.yaml"


def test_an_edit_is_of_a_field() -> None:
    patterns = [re.escape(field).replace(r"\*", r"[^.]+") for field in table.schema_fields()]
    unknown = [path for path in table.edited_fields() if not any(re.fullmatch(pattern, path) for pattern in patterns)]
    assert unknown == [], "edits of fields that environments do not have"
