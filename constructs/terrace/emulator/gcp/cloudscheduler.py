"""Cloud Scheduler: jobs are paused and resumed by methods of their own."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import answers, required
from terrace.emulator.gcp.verbs import commit


@answers("cloudscheduler", "jobs.pause", "jobs.resume")
def _pause(call: Call) -> Json:
    state = {"pause": "PAUSED", "resume": "ENABLED"}[call.method.verb]
    return commit(call, required(call, call.key) | {"state": state}, call.key)
