"""Storage Transfer: the name of a job, which is not below a project."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import completes


@completes("storagetransfer", "transferJobs")
def _job(call: Call, job: Json, key: str) -> None:
    job["name"] = key.split("/", 1)[1]
