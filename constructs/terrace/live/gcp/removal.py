"""What blocks the removal of single resources of Google Cloud, by Terraform's type.

Google deletes a repository with its images, which Terraform did not create: they block here too.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from terrace.capabilities.blockers import Planned
from terrace.gcp import names
from terrace.live.gcp import objects
from terrace.live.gcp.checks import Deployment, opened
from terrace.live.reasons import Reason
from terrace.live.removal import Check, names_in
from terrace.words import counted

__all__ = ["CHECKS", "opened"]

_COUNTED = 1000  # versions that are counted; above, messages say "more than"


def _bucket(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    name = str(values["name"])
    if values.get("force_destroy"):
        return
    count = sum(1 for _ in islice(objects.versions(deployment.reader, name), _COUNTED + 1))
    if count:
        many = counted(count, "object version") if count <= _COUNTED else f"more than {_COUNTED:,} object versions"
        yield f"contains {many}", f"copy what is needed, then `gcloud storage rm --all-versions gs://{name}/**`"


def _repository(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    parent = f"projects/{values['project']}/locations/{values['location']}/repositories/{values['repository_id']}"
    images = deployment.pages(
        "artifactregistry", "projects.locations.repositories.dockerImages.list", "dockerImages", parent=parent
    )
    if images:
        remedy = "delete them: `gcloud artifacts docker images delete IMAGE --delete-tags`"
        yield f"contains {counted(len(images), 'image')}", remedy


def _zone(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    if values.get("force_destroy"):
        return
    own, project = names_in(removed, "google_dns_record_set", "name"), names.account(deployment.target)
    records = deployment.pages("dns", "resourceRecordSets.list", "rrsets", project=project, managedZone=values["name"])
    foreign = [
        str(record["name"]) for record in records if record["type"] not in ("NS", "SOA") and record["name"] not in own
    ]
    if foreign:
        shown = f"{', '.join(foreign[:3])} ({len(foreign)} in total)"
        yield f"contains records that Terraform did not create: {shown}", "stop what creates them, then delete them"


def _vault(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    parent = f"projects/{values['project']}/locations/{values['location']}/backupVaults/{values['backup_vault_id']}"
    backups = deployment.pages(
        "backupdr",
        "projects.locations.backupVaults.dataSources.backups.list",
        "backups",
        parent=f"{parent}/dataSources/-",
    )
    if backups:
        yield f"contains {counted(len(backups), 'backup')}", "wait until their enforced retention ends"


CHECKS: Mapping[str, Check[Deployment]] = {
    "google_artifact_registry_repository": _repository,
    "google_backup_dr_backup_vault": _vault,
    "google_dns_managed_zone": _zone,
    "google_storage_bucket": _bucket,
}
