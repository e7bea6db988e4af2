"""Macie: the session's settings, and jobs that search buckets for sensitive data."""

import uuid
from typing import Any

from moto.core.utils import utcnow
from moto.macie2.responses import MacieResponse

from terrace.emulator.aws.patch import Call, operation, service_error


def session() -> None:
    """Stock moto cannot change the settings of a session."""

    @operation(MacieResponse)
    def update_macie_session(call: Call) -> None:
        call.backend.get_macie_session()  # or ResourceNotFoundException
        changed = {name: value for name, value in call.parameters.items() if value is not None}
        call.backend.macie_session.update(changed, updatedAt=utcnow())


def jobs() -> None:
    """Stock moto has no jobs."""

    @operation(MacieResponse)
    def create_classification_job(call: Call) -> dict[str, Any]:
        identifier = uuid.uuid4().hex
        arn = call.arn(f"classification-job/{identifier}")
        call.state("jobs")[identifier] = {
            **call.parameters,
            "jobId": identifier,
            "jobArn": arn,
            "jobStatus": "RUNNING" if call.parameters.get("initialRun") else "IDLE",
            "createdAt": utcnow(),
            "tags": call.parameters.get("tags") or {},
        }
        return {"jobId": identifier, "jobArn": arn}

    @operation(MacieResponse)
    def describe_classification_job(call: Call) -> dict[str, Any]:
        return _job(call)

    @operation(MacieResponse)
    def update_classification_job(call: Call) -> None:
        _job(call)["jobStatus"] = call.parameters["jobStatus"]

    @operation(MacieResponse)
    def list_classification_jobs(call: Call) -> dict[str, Any]:
        shown = ("jobId", "name", "jobStatus", "jobType", "createdAt")
        jobs = call.state("jobs").values()
        buckets = [(job, job.get("s3JobDefinition", {}).get("bucketDefinitions", [])) for job in jobs]
        return {"items": [{**{key: job[key] for key in shown}, "bucketDefinitions": each} for job, each in buckets]}


def job_tags() -> None:
    """Stock moto has no jobs, so none with tags that change."""

    @operation(MacieResponse)
    def tag_resource(call: Call) -> None:
        _tags(call).update(call.parameters["tags"])

    @operation(MacieResponse)
    def untag_resource(call: Call) -> None:
        for key in call.parameters["tagKeys"]:
            _tags(call).pop(key, None)

    def _tags(call: Call) -> dict[str, str]:
        identifier = call.parameters["resourceArn"].rpartition("/")[2]
        if identifier not in call.state("jobs"):
            raise service_error("ResourceNotFoundException", f"no resource {call.parameters['resourceArn']}")
        tags: dict[str, str] = call.state("jobs")[identifier]["tags"]
        return tags


def _job(call: Call) -> dict[str, Any]:
    job: dict[str, Any] | None = call.state("jobs").get(call.parameters["jobId"])
    if job is None:
        raise service_error("ResourceNotFoundException", f"no job {call.parameters['jobId']}")
    return job


PATCHES = (session, jobs, job_tags)
