"""Suggestions for a misspelt name."""

from collections.abc import Sequence
from difflib import get_close_matches

MAX_LISTED = 8
"""Options listed next to a suggestion; without a suggestion, all are listed."""


def nearest(word: str, options: Sequence[str]) -> str:
    """The option nearest to a word, or a prefix of it (prod for production); empty when there is none."""
    matches = get_close_matches(word, options, 1)
    return matches[0] if matches else next((each for each in options if len(each) > 1 and word.startswith(each)), "")


def hint(word: str, options: Sequence[str]) -> str:
    """Did you mean 'medium'? Expected one of: small, medium, large."""
    match = nearest(word, options)
    question = f"Did you mean {match!r}?" if match else ""
    listed = expected_one_of(options) if options and not (match and len(options) > MAX_LISTED) else ""
    return " ".join(part for part in (question, listed) if part)


def expected_one_of(options: Sequence[object], unit: str = "") -> str:
    """Expected one of: 30, 60, 90 days."""
    return f"Expected{' one of' if len(options) > 1 else ''}: {', '.join(map(str, options))}{unit}."
