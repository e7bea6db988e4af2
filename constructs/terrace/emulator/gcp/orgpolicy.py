"""Organization policies: the mask of an update."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.quirks import responds


@responds("orgpolicy", "policies.patch")
def _patch(call: Call) -> None:
    """The provider's mask names the fields of the request, policy.spec, and the generic update those of the policy.

    Source: google provider, google_org_policy_policy.
    """
    paths = call.query.get("updateMask", "").split(",")
    call.query["updateMask"] = ",".join(path.removeprefix("policy.") for path in paths)
