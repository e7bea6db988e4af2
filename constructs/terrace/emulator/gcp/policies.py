"""IAM policies of any resource: read, write with an etag, test permissions.

They are evaluated for objects and secrets (rights.py). An injected fault delays the visibility of changes.
Sources: IAM API, "Policy"; IAM documentation, "Access change propagation".
"""

import re
import time

from terrace.emulator.gcp.call import Call, Refused, missing, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import stamp
from terrace.emulator.gcp.quirks import check_write, present

_METHODS = r"/(getIamPolicy|setIamPolicy|testIamPermissions|iam(/testPermissions)?)$"


def run(call: Call) -> Json:
    """getIamPolicy, setIamPolicy and testIamPermissions, which grants every permission."""
    key = re.sub(_METHODS, "", call.key)
    if present(call, key) is None:
        raise missing(name_of(key))
    if call.method.verb == "testIamPermissions":
        requested = call.body.get("permissions") or call.query.get("permissions", "")
        return {"permissions": requested if isinstance(requested, list) else [requested]}
    policy = read(call, key)
    if call.method.verb == "getIamPolicy":
        return policy
    new = call.body.get("policy", call.body)
    if new.get("etag", policy["etag"]) != policy["etag"]:
        raise Refused(409, "ABORTED", "There were concurrent policy changes. Please retry the whole read-modify-write.")
    written = {**policy, "version": 1, "bindings": [], **new, "etag": stamp(new)}
    bindings = [binding for binding in written["bindings"] if binding.get("members")]
    written |= {"bindings": bindings}
    check_write(call, written, "iamPolicies")
    if delay := call.cloud.faults.iam_delay_seconds:
        call.store.put(f"{key}#before", {"policy": policy, "until": time.time() + delay})
    call.store.put(f"{key}#policy", written)
    return written


def read(call: Call, key: str) -> Json:
    """The visible policy: during an injected delay after a change, the previous one."""
    before = call.store.get(f"{key}#before")
    if before and time.time() < before["until"]:
        previous: Json = before["policy"]
        return previous
    return call.store.get(f"{key}#policy") or {"version": 1, "etag": "ACAB"}


def hide(call: Call, key: str) -> None:
    """Hide a new service account during an injected delay."""
    if delay := call.cloud.faults.iam_delay_seconds:
        call.store.put(f"{key}#hidden", {"until": time.time() + delay})


def is_visible(call: Call, key: str) -> bool:
    """Whether a service account exists and is not hidden by an injected delay."""
    hidden = call.store.get(f"{key}#hidden") or {"until": 0.0}
    return present(call, key) is not None and float(hidden["until"]) <= time.time()
