"""Binary Authorization: every project has a policy, which lets everything in."""

import re

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import exists


@exists("binaryauthorization", r"projects/([^/]+)/policy")
def _policy(call: Call, named: re.Match[str]) -> Json:
    rule = {"evaluationMode": "ALWAYS_ALLOW", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}
    return {
        "name": f"projects/{named[1]}/policy",
        "globalPolicyEvaluationMode": "ENABLE",
        "defaultAdmissionRule": rule,
    }
