"""How a cloud turns somebody away, as its provider tells it: the shape of what each cloud's `credentials` lists."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["missing", "refused", "expired", "elsewhere", "denied"]
"""No credentials; not accepted; no longer; those of another account; accepted, without the right that it takes."""


@dataclass(frozen=True)
class Refusal:
    """`pattern` is looked for in all that an error says, and what it finds is shown; `hint` is what to do."""

    reason: Reason
    pattern: str
    hint: str
