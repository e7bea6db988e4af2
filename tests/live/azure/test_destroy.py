"""What a destroy meets, what it leaves, and the demonstration's three drifts, each in a copy of the deployment."""

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
from terrace.live.azure.preflight import obstacles
from terrace.purge import Emptied
from terrace.purge.azure import blobs, emptied
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def met(site: Site) -> list[Obstacle]:
    return obstacles(site.deployment)


def fill(site: Site, name: Bucket) -> None:
    """Two blobs in a bucket's container, one of them in two versions where the emulator keeps them."""
    for blob, body in (("orders/1.parquet", b"one"), ("orders/1.parquet", b"two"), ("orders/2.parquet", b"three")):
        site.upload(names.bucket(site.target, name), name, blob, body)


def met_with_blobs(site: Site) -> list[Obstacle]:
    fill(site, "gold")
    fill(site, "bronze")
    return obstacles(site.deployment)


def met_from_outside(site: Site) -> list[Obstacle]:
    """As Storage answers whoever is outside an account's network."""
    inside = site.emulated.application

    def outside(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if ".blob." not in environ["HTTP_HOST"]:
            return inside(environ, start_response)  # type: ignore[no-any-return]
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
        text = "<Error><Code>AuthorizationFailure</Code><Message>This request is not authorized.</Message></Error>"
        return [text.encode()]

    site.reroute(outside)
    return obstacles(site.deployment)


def met_with_a_stranger_lock(site: Site) -> list[Obstacle]:
    group = names.group_id(site.target)
    site.put(f"{group}/providers/Microsoft.Authorization/locks/finance", {"level": "CanNotDelete"})
    subscription = names.subscription(site.target)
    site.put(f"{subscription}/providers/Microsoft.Authorization/locks/frozen", {"level": "ReadOnly"})
    site.reader.forget()
    return obstacles(site.deployment)


def gone(site: Site) -> tuple[list[Emptied], int]:
    fill(site, "gold")
    done = emptied(site.deployment)
    return done, len(list(blobs(site.reader, names.bucket(site.target, "gold"), "gold")))


def refused_for_bronze(site: Site) -> None:
    fill(site, "gold")
    fill(site, "bronze")
    emptied(site.deployment)


def still_there_after_a_refusal(site: Site) -> int:
    with pytest.raises(AnswerIsNo):
        refused_for_bronze(site)
    return len({blob.name for blob in blobs(site.reader, names.bucket(site.target, "gold"), "gold")})


def left(site: Site) -> Inventory:
    return remaining(site.deployment)


def left_after_a_few_deletions(site: Site) -> Inventory:
    geo = names.id(site.target, "Microsoft.KeyVault/vaults", names.vault(site.target, "geo"), recovery=True)
    for name in ("vault-geo",):
        site.delete(names.id(site.target, "Microsoft.Network/privateEndpoints", f"{site.prefix}-path-{name}"))
    site.delete(geo)
    elsewhere = f"{names.subscription(site.target)}/resourceGroups/shared"
    site.put(elsewhere, location="westus")
    kind = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    site.put(f"{elsewhere}/{kind}/forgotten", location="westus", tags=site.tags)
    site.put(f"{elsewhere}/{kind}/of-others", location="westus", tags={**site.tags, "environment": "prod-eu"})
    site.reader.forget()
    return remaining(site.deployment)


def drifted(site: Site) -> tuple[list[Drift], list[Result]]:
    drifts = changed(site.deployment)
    site.touched = {""}
    return drifts, site.read()


def test_what_a_destroy_of_prod_meets(snapshot: Snapshot) -> None:
    found = snapshot.run(met)
    assert [one.kind for one in found] == sorted((one.kind for one in found), key=("blocks", "kept", "note").index)
    assert not [one for one in found if one.kind == "blocks"]
    kept = {one.resource.split()[0] for one in found if one.kind == "kept"}
    assert kept == {"vault", "secret", "workspace"}
    locks = [one for one in found if one.resource.startswith("lock ")]
    assert len(locks) == 10
    assert all(one.remedy == "destroy lifts the lock first" for one in locks)
    # of what only is worth knowing, locks come first, as one of them stops everything below it
    notes = [one.resource for one in found if one.kind == "note"]
    assert notes[: len(locks)] == [one.resource for one in locks]
    assert "could not be looked at" not in " ".join(one.message for one in found)


def test_blobs_block_a_destroy_and_immutable_ones_more_so(snapshot: Snapshot) -> None:
    found = {one.resource: one for one in snapshot.run(met_with_blobs) if one.kind == "blocks"}
    gold, bronze = sorted(found, key=lambda resource: "bronze" in resource)
    assert gold.endswith("/gold") and bronze.endswith("/bronze")
    assert found[gold].remedy == "`terrace destroy prod --empty-buckets` removes them for good"
    assert "nobody can remove for 30 days" in found[bronze].message


def test_a_container_that_cannot_be_looked_into_blocks_a_destroy(snapshot: Snapshot) -> None:
    found = [one for one in snapshot.run(met_from_outside) if one.kind == "blocks"]
    assert len(found) == 17
    assert all("--empty-buckets" in one.remedy and "inside the network" in one.remedy for one in found)
    assert "This request is not authorized" in found[0].message


def test_a_lock_of_others_blocks_and_says_how_to_take_it_off(snapshot: Snapshot) -> None:
    found = {one.resource: one for one in snapshot.run(met_with_a_stranger_lock) if one.kind == "blocks"}
    assert len(found) == 2
    assert found["lock finance on dpf-prod"].remedy.startswith("`az lock delete --ids /subscriptions/")
    frozen = next(one for resource, one in found.items() if resource.startswith("lock frozen"))
    assert frozen.message == "is on the whole subscription and refuses every deletion (ReadOnly)"


def test_containers_are_emptied(snapshot: Snapshot) -> None:
    done, still = snapshot.run(gone)
    assert still == 0
    assert {one.bucket: one.versions for one in done if one.versions}.keys() == {
        one.bucket for one in done if "gold" in one.bucket and one.versions
    }
    assert sum(one.versions for one in done) >= 2


def test_nothing_is_removed_when_something_may_not_be(snapshot: Snapshot) -> None:
    with pytest.raises(AnswerIsNo, match="1 containers are immutable") as raised:
        snapshot.run(refused_for_bronze)
    assert "bronze" in raised.value.message
    assert snapshot.run(still_there_after_a_refusal) == 2


def test_everything_is_left_of_a_deployment_that_stands(snapshot: Snapshot) -> None:
    inventory = snapshot.run(left)
    assert (inventory.kept, inventory.unlisted) == ((), ())
    assert {one.region for one in inventory.remaining} >= {"germanywestcentral", "francecentral", "global"}
    types = {one.type for one in inventory.remaining}
    assert types >= {"pricings", "securityContacts", "roleAssignments", "diagnosticSettings"}  # on the subscription
    assert types >= {"resourceGroups", "managedClusters", "flexibleServers", "vaults", "budgets", "policyAssignments"}


def test_a_deleted_vault_is_kept_until_its_day_and_strangers_are_not_ours(snapshot: Snapshot) -> None:
    inventory = snapshot.run(left_after_a_few_deletions)
    vault = inventory.kept[0]
    assert len(inventory.kept) == 1
    assert (vault.type, vault.region) == ("deletedVaults", "germanynorth")
    assert vault.kept.startswith("deleted, and can be brought back until 20")
    by_tag = [one for one in inventory.remaining if one.found_by == "tag"]
    assert [one.id.rpartition("/")[2] for one in by_tag] == ["forgotten"]
    assert not [one for one in inventory.remaining if one.id.endswith("of-others")]


def test_three_drifts_are_made_and_seen(snapshot: Snapshot) -> None:
    drifts, results = snapshot.run(drifted)
    assert [(drift.kind, drift.type, drift.action) for drift in drifts] == [
        ("tag", "azurerm_virtual_network", "update"),
        ("public_access", "azurerm_storage_account", "update"),
        ("rule", "azurerm_network_security_rule", "create"),
    ]
    assert {result.guarantee.id for result in results if not result.passes} == {"LAKE-1", "GOV-1"}
