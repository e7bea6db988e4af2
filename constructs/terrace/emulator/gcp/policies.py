"""IAM policies on anything: read, written against the etag that was read, asked for permissions.

They are stored and never evaluated. What is new in IAM is seen late where a fault asks for it.
Sources: IAM API, "Policy"; IAM documentation, "Access change propagation".
"""

import re
import time

from terrace.emulator.gcp.call import Call, Refused, missing, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import stamp
from terrace.emulator.gcp.quirks import judge, present

_METHODS = r"/(getIamPolicy|setIamPolicy|testIamPermissions|iam(/testPermissions)?)$"


def run(call: Call) -> Json:
    """getIamPolicy, setIamPolicy and testIamPermissions, of which every one is granted."""
    key = re.sub(_METHODS, "", call.key)
    if present(call, key) is None:
        raise missing(name_of(key))
    if call.method.verb == "testIamPermissions":
        asked = call.body.get("permissions") or call.query.get("permissions", "")
        return {"permissions": asked if isinstance(asked, list) else [asked]}
    policy = read(call, key)
    if call.method.verb == "getIamPolicy":
        return policy
    new = call.body.get("policy", call.body)
    if new.get("etag", policy["etag"]) != policy["etag"]:
        raise Refused(409, "ABORTED", "There were concurrent policy changes. Please retry the whole read-modify-write.")
    written = {**policy, "version": 1, "bindings": [], **new, "etag": stamp(new)}
    bindings = [binding for binding in written["bindings"] if binding.get("members")]
    written |= {"bindings": bindings}
    judge(call, written, "iamPolicies")
    if delay := call.cloud.faults.iam_delay_seconds:
        call.store.put(f"{key}#before", {"policy": policy, "until": time.time() + delay})
    call.store.put(f"{key}#policy", written)
    return written


def read(call: Call, key: str) -> Json:
    """The policy as it is seen at this moment: after a change the one before, for as long as a fault asks for."""
    before = call.store.get(f"{key}#before")
    if before and time.time() < before["until"]:
        earlier: Json = before["policy"]
        return earlier
    return call.store.get(f"{key}#policy") or {"version": 1, "etag": "ACAB"}


def hide(call: Call, key: str) -> None:
    """Let a new service account be seen only after the delay that a fault asks for."""
    if delay := call.cloud.faults.iam_delay_seconds:
        call.store.put(f"{key}#hidden", {"until": time.time() + delay})


def is_visible(call: Call, key: str) -> bool:
    """Whether a service account is there, and for long enough to be seen."""
    hidden = call.store.get(f"{key}#hidden") or {"until": 0.0}
    return present(call, key) is not None and float(hidden["until"]) <= time.time()
