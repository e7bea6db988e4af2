"""Ownership, residency, and the account's own defaults (GOV-1, GOV-2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GovernanceHandle:
    """`ceiling` identifies what bounds every identity the kit makes, such as a permissions boundary."""

    ceiling: str
