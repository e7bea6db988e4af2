"""Ownership, residency, and the account's defaults (GOV-1, GOV-2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GovernanceHandle:
    """`ceiling` identifies the limit of every identity of the platform, such as a permissions boundary."""

    ceiling: str
