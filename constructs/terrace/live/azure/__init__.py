"""Azure read live through its own SDK: the functions of `terrace.live` for this cloud. No CDK, no Terraform state."""

from terrace.live.azure.checks import opened
from terrace.live.azure.leftovers import leftovers
from terrace.live.azure.preflight import preflight

__all__ = ["leftovers", "opened", "preflight"]
