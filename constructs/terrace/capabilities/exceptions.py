"""What a cloud truly lacks: a guarantee it cannot keep to the letter, why, and what stands in for it.

Each cloud lists its own as `EXCEPTIONS` in its `exceptions.py`; the parity matrix shows them beside what is proven.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CloudException:
    """One guarantee on one cloud. `compensation` is what the kit does instead; `source` is where the lack is stated."""

    guarantee: str
    reason: str
    compensation: str
    source: str
