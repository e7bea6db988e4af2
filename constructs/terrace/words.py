"""Words of messages."""

import re
from datetime import timedelta


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1; nouns of the English rules only: capability, address."""
    if number != 1:
        noun = re.sub(r"(?<=[^aeiou])y$", "ie", noun)
        noun += "es" if re.search(r"(s|x|ch|sh)$", noun) else "s"
    return f"{number:,} {noun}"


def ago(age: timedelta) -> str:
    """How long ago something was, in its largest unit: "3 minutes ago"."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(seconds // length, unit)} ago"
    return f"{counted(seconds, 'second')} ago"
