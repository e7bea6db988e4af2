"""Google Cloud read live through Google's clients: the functions of `terrace.live` for this cloud. No CDK, no
Terraform state. The clients are an extra (`terrace[gcp]`), imported on first use.
"""

from terrace.live.gcp.checks import opened
from terrace.live.gcp.leftovers import leftovers
from terrace.live.gcp.preflight import preflight

__all__ = ["leftovers", "opened", "preflight"]
