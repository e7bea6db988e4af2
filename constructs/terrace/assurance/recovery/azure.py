"""What Azure keeps outside the region. Sources are at each documented time."""

import re
from collections.abc import Iterator
from datetime import timedelta

from terrace.assurance.checks import Subject
from terrace.assurance.recovery import Copy, Step
from terrace.assurance.view import at
from terrace.azure import names
from terrace.capabilities.spec import LAYERS

_NO_TIME = "the documentation gives no time"
_PAIRED = "the paired region"
_PERIOD = re.compile(r"/P(\d+)([DW])$")


def data(subject: Subject) -> tuple[str, ...]:
    """The components that hold data."""
    return ("database", *(f"lake/{layer}" for layer in LAYERS), "lake/backups")


def copies(subject: Subject) -> Iterator[Copy]:
    """The copies in the recovery region and the paired one, and what else is there."""
    view, region = subject.view, subject.target.recovery_region or ""
    vaults = view.all("azurerm_data_protection_backup_vault")
    cross_region = [vault for vault in vaults if at(vault.attributes, "cross_region_restore_enabled")]
    for one in view.all("azurerm_postgresql_flexible_server"):
        if at(one.attributes, "geo_redundant_backup_enabled"):
            yield Copy("database", _PAIRED, "geo-redundant backups", one.path, None, None, _NO_TIME)
    for one in view.all("azurerm_data_protection_backup_policy_postgresql_flexible_server") if cross_region else ():
        every = _period(at(one.attributes, "backup_repeating_time_intervals", []))
        yield Copy("database", _PAIRED, "geo-redundant backup vault", one.path, every, None, _NO_TIME)
    for one in view.all("azurerm_storage_object_replication"):
        name = one.path.split("/")[-2]
        yield Copy(f"lake/{name}", region, "object replication", one.path, timedelta(), None, _NO_TIME)
    for one in view.all("azurerm_container_registry"):
        for place in one.blocks("georeplications"):
            yield Copy("images", str(place.get("location")), "geo-replication", one.path, holds_data=False)
    keys = [one.path for one in view.all("azurerm_key_vault_key") if one.path.endswith("-recovery")]
    if keys:
        yield Copy("keys", region, f"{len(keys)} keys", "keys", holds_data=False)


def steps(subject: Subject) -> Iterator[Step]:
    """The commands that bring the data back."""
    target = subject.target
    server = next((one for one in subject.view.all("azurerm_postgresql_flexible_server") if _first(one.path)), None)
    id = (
        names.id(target, "Microsoft.DBforPostgreSQL/flexibleServers", str(server.get("name")))
        if server
        else "SERVER-ID"
    )
    yield Step(
        "Restore the database",
        "From the geo-redundant backup, as a new server in the paired region, with a new address.",
        (
            "az postgres flexible-server geo-restore --resource-group NEW-GROUP --name NEW-NAME "
            f"--location PAIRED-REGION --source-server {id}",
        ),
    )
    accounts = {one.path.split("/")[-2]: str(one.get("name")) for one in subject.view.all("azurerm_storage_account")}
    commands = [
        f"azcopy sync https://{accounts[f'{layer}-recovery']}.blob.core.windows.net/{layer} "
        f"https://NEW-ACCOUNT.blob.core.windows.net/{layer} --recursive"
        for layer in LAYERS
        if f"{layer}-recovery" in accounts
    ]
    yield Step("Copy the lake", "From the replicas into the accounts of the new environment.", tuple(commands))
    yield Step(
        "Write the secrets",
        "A vault's secrets are in its region and its pair. Write those that the modules need anew.",
        ("az keyvault secret set --vault-name NEW-VAULT --name NAME --file FILE",),
    )


def _first(path: str) -> bool:
    return path.endswith("/server")


def _period(intervals: list[str]) -> timedelta | None:
    """The pause of `R/2026-01-04T17:00:00+00:00/P1W`; None for another form."""
    found = _PERIOD.search(intervals[0]) if intervals else None
    return timedelta(days=int(found[1]) * (7 if found[2] == "W" else 1)) if found else None
