"""The time between two runs of a backup schedule."""

from datetime import timedelta

import pytest

from terrace.live.aws.backup import interval


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("cron(0 2 * * ? *)", 24),
        ("cron(30 2/12 ? * * *)", 12),
        ("cron(0 */6 * * ? *)", 6),
        ("cron(0 2,14 ? * * *)", 12),
        ("cron(0 2,4 ? * * *)", 22),
        ("cron(0 * ? * * *)", 1),
        ("rate(12 hours)", 12),
        ("rate(1 day)", 24),
        ("cron(0 2 ? * MON *)", None),
        ("cron(0 2 1 * ? *)", None),
        ("whenever", None),
        ("", None),
    ],
)
def test_longest_time_between_runs(schedule: str, hours: int | None) -> None:
    assert interval(schedule) == (None if hours is None else timedelta(hours=hours))
