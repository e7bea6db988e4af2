"""What blocks the removal of single resources, each on a copy of the deployment."""

from terrace.azure import names
from terrace.capabilities.blockers import Blocker, Planned
from terrace.live.azure import removal
from terrace.live.removal import found
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def with_contents(site: Site) -> tuple[list[Blocker], list[Blocker]]:
    account = names.bucket(site.target, "gold")
    zone = site.create("Microsoft.Network/dnsZones", "theirs.example.com")
    own = f"{zone}/A/own"
    vault = names.id(site.target, "Microsoft.DataProtection/backupVaults", site.prefix)
    removed = [
        Planned("c", "azurerm_storage_container", {"name": "gold", "storage_account_name": account}),
        Planned("z", "azurerm_dns_zone", {"id": zone}),
        Planned("r", "azurerm_dns_a_record", {"id": own}),
        Planned("p", "azurerm_redis", {"deletion_policy": "PREVENT"}),
        Planned("v", "azurerm_data_protection_backup_vault", {"id": vault}),
    ]
    site.put(own, {"TTL": 60})
    before = found(site.deployment, removal.CHECKS, removed)
    site.upload(account, "gold", "orders/1", b"one")
    site.put(f"{zone}/TXT/airflow", {"TTL": 60})
    return before, found(site.deployment, removal.CHECKS, removed)


def test_contents_that_terraform_did_not_create_block_a_removal(snapshot: Snapshot) -> None:
    before, after = snapshot.run(with_contents)
    assert {one.address for one in before} - {"v"} == {"p"}  # prod's own backup instances are not removed here
    blocking = {one.address: one.message for one in after}
    assert set(blocking) - {"v"} == {"c", "z", "p"}
    assert "contains 1 blob version" in blocking["c"]
    assert "did not create: airflow (1 in total)" in blocking["z"]
    assert all(one.remedy for one in after)
