"""What somebody probably meant."""

from collections.abc import Sequence
from difflib import get_close_matches

MOST_LISTED = 8
"""Options that are listed beside a guess; without one, all are."""


def nearest(word: str, options: Sequence[str]) -> str:
    """The option that is nearest to a word, or begins it (prod, production); empty when none is near."""
    close = get_close_matches(word, options, 1)
    return (
        close[0] if close else next((option for option in options if len(option) > 1 and word.startswith(option)), "")
    )


def hint(word: str, options: Sequence[str]) -> str:
    """Did you mean 'medium'? (small, medium, large)"""
    guess = nearest(word, options)
    asked = f"Did you mean {guess!r}?" if guess else ""
    listed = f"({', '.join(options)})" if options and not (guess and len(options) > MOST_LISTED) else ""
    return " ".join(part for part in (asked, listed) if part)
