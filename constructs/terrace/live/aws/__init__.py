"""Reads a live AWS deployment through boto3: the functions of `terrace.live` for this cloud."""

from terrace.live.aws.checks import opened
from terrace.live.aws.leftovers import leftovers
from terrace.live.aws.preflight import preflight

__all__ = ["leftovers", "opened", "preflight"]
