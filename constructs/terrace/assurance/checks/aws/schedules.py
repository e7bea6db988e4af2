"""Schedules of AWS's services: how often they run."""

import re
from datetime import timedelta


def interval(schedule: str) -> timedelta | None:
    """The longest time between two runs of a schedule; None for one that this cannot tell, or not at least daily.

    Understands cron(M H ? * * *) and its like (every day, at one hour or several: 2, 2/12, 2,14) and rate(12 hours).
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule):
        return timedelta(**{f"{rate[2]}s": int(rate[1])})
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", schedule)
    if not cron or any(field not in ("*", "?") for field in cron.groups()[2:]):
        return None
    if not cron[1].isdecimal():
        return timedelta(hours=1) if cron[2] == "*" else None
    hours = _hours(cron[2])
    if not hours:
        return None
    gaps = [(after - before) % 24 or 24 for before, after in zip(hours, hours[1:] + hours[:1], strict=True)]
    return timedelta(hours=max(gaps))


def _hours(field: str) -> list[int]:
    if field == "*":
        return list(range(24))
    if step := re.fullmatch(r"(\d+|\*)/(\d+)", field):
        return list(range(0 if step[1] == "*" else int(step[1]), 24, max(int(step[2]), 1)))
    hours = field.split(",")
    return sorted(int(hour) for hour in hours) if all(hour.isdecimal() for hour in hours) else []
