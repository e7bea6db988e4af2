"""The counts of guarantees by status."""

import pytest

from terrace.demo import guarantee_counts


@pytest.mark.parametrize(
    ("statuses", "text"),
    [
        ([], "0 guarantees hold"),
        (["holds", "holds"], "2 guarantees hold"),
        (["holds", "not_required", "excepted", "broken"], "1 guarantee holds, 1 excepted, 1 not required, 1 broken"),
    ],
)
def test_each_status_is_counted_separately(statuses: list[str], text: str) -> None:
    assert guarantee_counts({f"X-{number}": status for number, status in enumerate(statuses)}) == text
