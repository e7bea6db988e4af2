"""Cloud Monitoring: the service assigns the names of conditions."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import number
from terrace.emulator.gcp.quirks import completes


@completes("monitoring", "alertPolicies")
def _conditions(call: Call, policy: Json, key: str) -> None:
    for index, condition in enumerate(policy.get("conditions", ())):
        condition.setdefault("name", f"{policy['name']}/conditions/{number(key, index)}")
