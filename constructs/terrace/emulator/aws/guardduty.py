"""GuardDuty: features that are changed one at a time, their data sources, lists of a detector that finds nothing."""

from typing import Any

import moto.guardduty.models as models
from moto.guardduty.responses import GuardDutyResponse

from terrace.emulator.aws.patch import Call, Function, operation, service_error, wrap

# GuardDuty user guide, "GuardDuty API changes in March 2023": features and the older data sources
_DATA_SOURCES = {
    "S3_DATA_EVENTS": ("s3Logs",),
    "EKS_AUDIT_LOGS": ("kubernetes", "auditLogs"),
    "EBS_MALWARE_PROTECTION": ("malwareProtection", "scanEc2InstanceWithFindings", "ebsVolumes"),
}
_FOUNDATIONAL = ("cloudTrail", "dnsLogs", "flowLogs")


def features() -> None:
    """Stock moto replaces all features of a detector with those of an update; Terraform changes one at a time."""

    @wrap(models.Detector, "update")
    def update(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        before = {feature["name"]: feature for feature in self.features}
        original(self, *arguments, **named)
        changed = {feature["name"]: feature for feature in self.features}
        self.features = list((before | changed).values())


def data_sources() -> None:
    """Stock moto describes every data source as disabled, whatever the features: a scanner reads the data sources."""

    @wrap(models.Detector, "to_json")
    def to_json(original: Function, self: Any) -> Any:
        detector = original(self)
        statuses = {feature["name"]: feature["status"] for feature in self.features}
        sources = detector["dataSources"]
        sources.update({name: {"status": detector["status"]} for name in _FOUNDATIONAL})
        for name, (source, *path) in _DATA_SOURCES.items():
            status: dict[str, Any] = {"status": statuses.get(name, "DISABLED")}
            for step in reversed(path):
                status = {step: status}
            sources[source] = status
        return detector


def detector_tags() -> None:
    """Stock moto cannot change the tags of a detector."""

    @operation(GuardDutyResponse)
    def tag_resource(call: Call) -> None:
        detector = call.backend.get_detector(call.parameters["ResourceArn"].rpartition("/")[2])
        detector.tags = {**(detector.tags or {}), **call.parameters["Tags"]}

    @operation(GuardDutyResponse)
    def untag_resource(call: Call) -> None:
        detector = call.backend.get_detector(call.parameters["ResourceArn"].rpartition("/")[2])
        removed = call.parameters["TagKeys"]
        detector.tags = {key: value for key, value in (detector.tags or {}).items() if key not in removed}


def lists() -> None:
    """Stock moto lacks the lists of a detector's findings, members and tags, and its organization's settings."""

    @operation(GuardDutyResponse)
    def list_findings(call: Call) -> dict[str, Any]:
        _detector(call)
        return {"FindingIds": []}

    @operation(GuardDutyResponse)
    def list_members(call: Call) -> dict[str, Any]:
        _detector(call)
        return {"Members": []}

    @operation(GuardDutyResponse)
    def list_tags_for_resource(call: Call) -> dict[str, Any]:
        name = call.parameters["ResourceArn"].rpartition("/")[2]
        return {"Tags": call.backend.get_detector(name).tags}

    @operation(GuardDutyResponse)
    def describe_organization_configuration(call: Call) -> dict[str, Any]:
        _detector(call)
        raise service_error("BadRequestException", "The account is not the organization's GuardDuty administrator.")

    def _detector(call: Call) -> Any:
        return call.backend.get_detector(call.parameters["DetectorId"])


PATCHES = (features, data_sources, detector_tags, lists)
