"""Binary Authorization: every project has a policy, by default one that allows everything."""

import re

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import built_in


@built_in("binaryauthorization", r"projects/([^/]+)/policy")
def _policy(call: Call, named: re.Match[str]) -> Json:
    rule = {"evaluationMode": "ALWAYS_ALLOW", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}
    return {
        "name": f"projects/{named[1]}/policy",
        "globalPolicyEvaluationMode": "ENABLE",
        "defaultAdmissionRule": rule,
    }
