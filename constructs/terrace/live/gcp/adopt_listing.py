"""Resources whose id is a generated number, found by listing, and those that must be read. One function per type.

Each takes a reader of the project and the candidate, and returns the import id, or None.
"""

import json
from collections.abc import Callable
from typing import Any

from terrace.calls import Absent
from terrace.capabilities.adoption import Candidate
from terrace.errors import TerraceError
from terrace.live.gcp.session import Reader

Finder = Callable[[Reader, Candidate], str | None]


def _only(candidate: Candidate, found: list[str]) -> str | None:
    """The only id. Raises TerraceError for several."""
    if len(found) > 1:
        raise TerraceError(
            f"{len(found)} resources have the same name: {', '.join(found)}",
            where=candidate.address,
            hint="delete all but one",
        )
    return found[0] if found else None


def _listed(
    service: str, method: str, field: str, parent: str, planned: str, listed: str, under: str = "projects/{project}"
) -> Finder:
    """Entries of a listing whose `listed` is the candidate's `planned`; their full name is the id."""

    def find(reader: Reader, candidate: Candidate) -> str | None:
        value = candidate.values.get(planned)
        if not value:
            return None
        values = {"project": candidate.account, **{k: v for k, v in candidate.values.items() if v}}
        try:
            entries = reader.pages(service, method, field, **{parent: under.format_map(values)})
        except Absent:
            return None
        return _only(candidate, [str(entry["name"]) for entry in entries if entry.get(listed) == value])

    return find


def _dashboard(reader: Reader, candidate: Candidate) -> str | None:
    """A dashboard, whose name is in its JSON."""
    try:
        title = json.loads(candidate.values.get("dashboard_json") or "{}").get("displayName")
    except ValueError:
        return None
    parent = f"projects/{candidate.account}"
    boards = reader.pages("monitoring/v1", "projects.dashboards.list", "dashboards", parent=parent)
    return _only(candidate, [str(board["name"]) for board in boards if title and board.get("displayName") == title])


def _feed(reader: Reader, candidate: Candidate) -> str | None:
    """The feed with the same content and topic."""
    output: Any = candidate.values.get("feed_output_config") or [{}]
    topic = (output[0].get("pubsub_destination") or [{}])[0].get("topic")
    feeds = reader.pages("cloudasset", "feeds.list", "feeds", parent=f"projects/{candidate.account}")
    same = [
        str(feed["name"])
        for feed in feeds
        if feed.get("feedOutputConfig", {}).get("pubsubDestination", {}).get("topic") == topic
        and feed.get("contentType") == candidate.values.get("content_type")
    ]
    return _only(candidate, same)


def _log_bucket(reader: Reader, candidate: Candidate) -> str | None:
    """A bucket that is not deleted. It is read, since Terraform's error of a service that is not enabled does not say
    which import failed."""
    values = candidate.values
    project = str(values.get("project") or candidate.account).removeprefix("projects/")
    name = f"projects/{project}/locations/{values['location']}/buckets/{values['bucket_id']}"
    try:
        bucket = reader.call("logging", "projects.locations.buckets.get", name=name)
    except Absent:
        return None
    return None if bucket.get("lifecycleState") == "DELETE_REQUESTED" else name


def _transfer(reader: Reader, candidate: Candidate) -> str | None:
    """A job that is not deleted, by its description."""
    project = json.dumps({"projectId": candidate.account})
    jobs = reader.pages("storagetransfer", "transferJobs.list", "transferJobs", filter=project)
    same = [
        f"{candidate.account}/{str(job['name']).removeprefix('transferJobs/')}"
        for job in jobs
        if job.get("description") == candidate.values.get("description") and job.get("status") != "DELETED"
    ]
    return _only(candidate, same)


BY_LISTING: dict[str, Finder] = {
    "google_billing_budget": _listed(
        "billingbudgets",
        "billingAccounts.budgets.list",
        "budgets",
        "parent",
        "display_name",
        "displayName",
        "billingAccounts/{billing_account}",
    ),
    "google_cloud_asset_project_feed": _feed,
    "google_essential_contacts_contact": _listed(
        "essentialcontacts", "projects.contacts.list", "contacts", "parent", "email", "email", "{parent}"
    ),
    "google_logging_project_bucket_config": _log_bucket,
    "google_monitoring_alert_policy": _listed(
        "monitoring", "projects.alertPolicies.list", "alertPolicies", "name", "display_name", "displayName"
    ),
    "google_monitoring_dashboard": _dashboard,
    "google_monitoring_notification_channel": _listed(
        "monitoring",
        "projects.notificationChannels.list",
        "notificationChannels",
        "name",
        "display_name",
        "displayName",
    ),
    "google_storage_transfer_job": _transfer,
}
