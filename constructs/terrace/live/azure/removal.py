"""What blocks the removal of single resources of Azure, by Terraform's type.

Azure deletes an account, a zone or a registry with what is in it, so foreign contents block here too. The images of a
registry are not listed: only its data plane shows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from terrace.capabilities.blockers import Planned
from terrace.live.azure import lake, objects
from terrace.live.azure.checks import Deployment, named, opened
from terrace.live.reasons import Reason
from terrace.live.removal import Check, names_in
from terrace.words import counted

__all__ = ["CHECKS", "opened"]

_COUNTED = 1000  # blobs that are counted; above, messages say "more than"


def _container(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    account = named(values.get("storage_account_id")) if values.get("storage_account_id") else ""
    yield from _blobs(deployment, account or str(values["storage_account_name"]), str(values["name"]))


def _account(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    own = names_in(removed, "azurerm_storage_container", "name")
    for container in lake.containers(deployment, str(values["id"])):
        if container["name"] not in own:  # the others are checked themselves
            yield from _blobs(deployment, str(values["name"]), str(container["name"]))


def _blobs(deployment: Deployment, account: str, container: str) -> Iterator[Reason]:
    count = sum(1 for _ in islice(objects.blobs(deployment.reader, account, container), _COUNTED + 1))
    if count:
        many = counted(count, "blob version") if count <= _COUNTED else f"more than {_COUNTED:,} blob versions"
        remedy = f"`az storage blob delete-batch --account-name {account} --source {container}`, with older versions"
        yield f"contains {many} in {account}/{container}", f"copy what is needed, then {remedy}"


def _zone(record: str) -> Check[Deployment]:
    """A zone, whose records have types that begin with `record`."""

    def check(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
        own = {str(one.values.get("id", "")).lower() for one in removed if one.type.startswith(record)}
        foreign = [
            str(entry["name"])
            for entry in deployment.pages(f"{values['id']}/ALL")
            if str(entry.get("type", "")).rpartition("/")[2] not in ("NS", "SOA")
            and str(entry["id"]).lower() not in own
        ]
        if foreign:
            shown = f"{', '.join(foreign[:3])} ({len(foreign)} in total)"
            yield f"contains records that Terraform did not create: {shown}", "stop what creates them, then delete them"

    return check


def _vault(deployment: Deployment, values: Mapping[str, Any], removed: Sequence[Planned]) -> Iterator[Reason]:
    own = {str(one.values.get("id", "")).lower() for one in removed if "_backup_instance_" in one.type}
    instances = deployment.pages(f"{values['id']}/backupInstances")
    if foreign := [str(one["name"]) for one in instances if str(one["id"]).lower() not in own]:
        remedy = "stop their protection and delete them: `az dataprotection backup-instance delete`"
        yield f"has {counted(len(foreign), 'backup instance')} that Terraform did not create", remedy


CHECKS: Mapping[str, Check[Deployment]] = {
    "azurerm_data_protection_backup_vault": _vault,
    "azurerm_dns_zone": _zone("azurerm_dns_"),
    "azurerm_private_dns_zone": _zone("azurerm_private_dns_"),
    "azurerm_storage_account": _account,
    "azurerm_storage_container": _container,
}
