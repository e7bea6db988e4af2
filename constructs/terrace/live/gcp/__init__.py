"""Reads a live Google Cloud deployment through Google's clients: the functions of `terrace.live` for this cloud."""

from terrace.live.gcp.checks import opened
from terrace.live.gcp.leftovers import leftovers
from terrace.live.gcp.preflight import preflight

__all__ = ["leftovers", "opened", "preflight"]
