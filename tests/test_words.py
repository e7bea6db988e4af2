"""Words of messages."""

import pytest

from terrace.words import counted


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "capability", "1 capability"),
        (2, "capability", "2 capabilities"),
        (0, "resource", "0 resources"),
        (1200, "address", "1,200 addresses"),
        (3, "day", "3 days"),
        (2, "match", "2 matches"),
        (2, "object version", "2 object versions"),
    ],
)
def test_a_number_has_the_right_plural(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text
