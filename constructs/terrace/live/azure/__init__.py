"""Reads a live Azure deployment through its SDK: the functions of `terrace.live` for this cloud."""

from terrace.live.azure.checks import opened
from terrace.live.azure.leftovers import leftovers
from terrace.live.azure.preflight import preflight

__all__ = ["leftovers", "opened", "preflight"]
