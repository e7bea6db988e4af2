"""AWS read live through boto3: the functions of `terrace.live` for this cloud. No CDK, no Terraform state."""

from terrace.live.aws.checks import opened
from terrace.live.aws.leftovers import leftovers
from terrace.live.aws.preflight import preflight

__all__ = ["leftovers", "opened", "preflight"]
