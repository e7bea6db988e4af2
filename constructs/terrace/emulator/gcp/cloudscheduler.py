"""Cloud Scheduler: pausing and resuming jobs."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import required, responds
from terrace.emulator.gcp.verbs import commit


@responds("cloudscheduler", "jobs.pause", "jobs.resume")
def _pause(call: Call) -> Json:
    state = {"pause": "PAUSED", "resume": "ENABLED"}[call.method.verb]
    return commit(call, required(call, call.key) | {"state": state}, call.key)
