"""Preflight, purge, leftovers and injected drift, each on a copy of the deployment."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from terrace.assurance.evaluation import Result
from terrace.azure import names
from terrace.capabilities.lake import Bucket
from terrace.demo.inject_drift import Drift
from terrace.demo.inject_drift.azure import changed
from terrace.errors import AnswerIsNo
from terrace.live import Inventory, Obstacle
from terrace.live.azure.leftovers import remaining
from terrace.live.azure.objects import blobs
from terrace.live.azure.preflight import obstacles
from terrace.purge import Emptied
from terrace.purge.azure import emptied
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def preflight(site: Site) -> list[Obstacle]:
    return obstacles(site.deployment)


def fill(site: Site, name: Bucket) -> None:
    """Two blobs in a bucket's container, one of them in two versions where the emulator keeps them."""
    for blob, body in (("orders/1.parquet", b"one"), ("orders/1.parquet", b"two"), ("orders/2.parquet", b"three")):
        site.upload(names.bucket(site.target, name), name, blob, body)


def preflight_with_blobs(site: Site) -> list[Obstacle]:
    fill(site, "gold")
    fill(site, "bronze")
    return obstacles(site.deployment)


def preflight_from_outside(site: Site) -> list[Obstacle]:
    """As Storage responds to a client outside the account's network."""
    inside = site.emulated.application

    def outside(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if ".blob." not in environ["HTTP_HOST"]:
            return inside(environ, start_response)  # type: ignore[no-any-return]
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
        text = "<Error><Code>AuthorizationFailure</Code><Message>This request is not authorized.</Message></Error>"
        return [text.encode()]

    site.reroute(outside)
    return obstacles(site.deployment)


def preflight_with_foreign_locks(site: Site) -> list[Obstacle]:
    group = names.group_id(site.target)
    site.put(f"{group}/providers/Microsoft.Authorization/locks/finance", {"level": "CanNotDelete"})
    subscription = names.subscription(site.target)
    site.put(f"{subscription}/providers/Microsoft.Authorization/locks/frozen", {"level": "ReadOnly"})
    site.reader.forget()
    return obstacles(site.deployment)


def purged(site: Site) -> tuple[list[Emptied], int]:
    fill(site, "gold")
    done = emptied(site.deployment)
    return done, len(list(blobs(site.reader, names.bucket(site.target, "gold"), "gold")))


def refused(site: Site) -> None:
    fill(site, "gold")
    fill(site, "bronze")
    emptied(site.deployment)


def count_after_a_refusal(site: Site) -> int:
    with pytest.raises(AnswerIsNo):
        refused(site)
    return len({blob.name for blob in blobs(site.reader, names.bucket(site.target, "gold"), "gold")})


def inventory_of_prod(site: Site) -> Inventory:
    return remaining(site.deployment)


def inventory_after_deletions(site: Site) -> Inventory:
    geo = names.id(site.target, "Microsoft.KeyVault/vaults", names.vault(site.target, "geo"), recovery=True)
    site.delete(names.id(site.target, "Microsoft.Network/privateEndpoints", f"{site.prefix}-path-vault-geo"))
    site.delete(geo)
    elsewhere = f"{names.subscription(site.target)}/resourceGroups/shared"
    site.put(elsewhere, location="westus")
    kind = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    site.put(f"{elsewhere}/{kind}/unmanaged", location="westus", tags=site.tags)
    site.put(f"{elsewhere}/{kind}/of-another", location="westus", tags={**site.tags, "environment": "prod-eu"})
    site.reader.forget()
    return remaining(site.deployment)


def drifted(site: Site) -> tuple[list[Drift], list[Result]]:
    drifts = changed(site.deployment)
    site.touched = {""}
    return drifts, site.read()


def test_nothing_blocks_the_destroy_of_a_new_prod(snapshot: Snapshot) -> None:
    found = snapshot.run(preflight)
    assert [one.kind for one in found] == sorted((one.kind for one in found), key=("blocks", "retained", "note").index)
    assert not [one for one in found if one.kind == "blocks"]
    kept = {one.resource.split()[0] for one in found if one.kind == "retained"}
    assert kept == {"vault", "secret", "workspace"}
    locks = [one for one in found if one.resource.startswith("lock ")]
    assert len(locks) == 11
    assert all(one.remedy == "destroy lifts the lock first" for one in locks)
    # locks come first among the notes: a lock stops everything below it
    notes = [one.resource for one in found if one.kind == "note"]
    assert notes[: len(locks)] == [one.resource for one in locks]
    assert "could not be read" not in " ".join(one.message for one in found)


def test_blobs_block_a_destroy(snapshot: Snapshot) -> None:
    found = {one.resource: one for one in snapshot.run(preflight_with_blobs) if one.kind == "blocks"}
    gold, bronze = sorted(found, key=lambda resource: "bronze" in resource)
    assert gold.endswith("/gold") and bronze.endswith("/bronze")
    assert found[gold].remedy == "`terrace destroy prod --empty-buckets` removes them permanently"
    assert "each locked for 30 days" in found[bronze].message


def test_an_unreadable_container_blocks_a_destroy(snapshot: Snapshot) -> None:
    found = [one for one in snapshot.run(preflight_from_outside) if one.kind == "blocks"]
    assert len(found) == 20
    assert all("--empty-buckets" in one.remedy and "inside the network" in one.remedy for one in found)
    assert "This request is not authorized" in found[0].message


def test_a_foreign_lock_blocks_a_destroy(snapshot: Snapshot) -> None:
    found = {one.resource: one for one in snapshot.run(preflight_with_foreign_locks) if one.kind == "blocks"}
    assert len(found) == 2
    assert found["lock finance on dpf-prod"].remedy.startswith("`az lock delete --ids /subscriptions/")
    frozen = next(one for resource, one in found.items() if resource.startswith("lock frozen"))
    assert frozen.message == "is on the whole subscription and blocks every deletion (ReadOnly)"


def test_purge_removes_every_blob(snapshot: Snapshot) -> None:
    done, still = snapshot.run(purged)
    assert still == 0
    assert {one.bucket: one.versions for one in done if one.versions}.keys() == {
        one.bucket for one in done if "gold" in one.bucket and one.versions
    }
    assert sum(one.versions for one in done) >= 2


def test_an_immutable_container_stops_the_purge(snapshot: Snapshot) -> None:
    with pytest.raises(AnswerIsNo, match="cannot remove 1 locked container:") as raised:
        snapshot.run(refused)
    assert "bronze" in raised.value.message
    assert snapshot.run(count_after_a_refusal) == 2


def test_leftovers_list_every_kind_of_resource(snapshot: Snapshot) -> None:
    inventory = snapshot.run(inventory_of_prod)
    assert inventory.unlisted == ()
    assert all("terrace bootstrap prod --destroy" in one.kept for one in inventory.kept)
    kept = {one.id.rpartition("/")[2] for one in inventory.kept}
    assert kept >= {"dpf-prod", "dpf-prod-recovery", "dpf-prod-pipelines", "dpf-prod-ci-plan", "dpf-prod-ci-apply"}
    assert {one.type for one in inventory.kept} == {
        "resourceGroups", "userAssignedIdentities", "roleDefinitions", "roleAssignments",
    }  # fmt: skip
    assert {one.region for one in inventory.remaining} >= {"germanywestcentral", "francecentral", "global"}
    types = {one.type for one in inventory.remaining}
    assert types >= {"pricings", "securityContacts", "diagnosticSettings"}  # on the subscription
    assert types >= {"managedClusters", "flexibleServers", "vaults", "budgets", "policyAssignments"}


def test_a_deleted_vault_is_retained_and_other_environments_are_ignored(snapshot: Snapshot) -> None:
    inventory = snapshot.run(inventory_after_deletions)
    (vault,) = (one for one in inventory.kept if "bootstrap" not in one.kept)
    assert (vault.type, vault.region) == ("deletedVaults", "germanynorth")
    assert vault.kept.startswith("deleted, and can be restored until 20")
    by_tag = [one for one in inventory.remaining if one.found_by == "tag"]
    assert [one.id.rpartition("/")[2] for one in by_tag] == ["unmanaged"]
    assert not [one for one in inventory.remaining if one.id.endswith("of-another")]


def test_injected_drift_breaks_two_guarantees(snapshot: Snapshot) -> None:
    drifts, results = snapshot.run(drifted)
    assert [(drift.kind, drift.type, drift.action) for drift in drifts] == [
        ("tag", "azurerm_virtual_network", "update"),
        ("public_access", "azurerm_storage_account", "update"),
        ("rule", "azurerm_network_security_rule", "create"),
    ]
    assert {result.guarantee.id for result in results if not result.passes} == {"LAKE-1", "GOV-1"}
