"""Roles as verbs."""

import pytest

from terrace.assurance.access.azure.roles import custom, others, verbs
from terrace.authorization.azure.roles import BUILT_IN, GUIDS, PRIVILEGED, Role
from terrace.azure.permissions import SNAPSHOT_VOLUMES, WRITE_BLOBS

_WIDER = {"Key Vault Contributor", "Network Contributor", "Storage Account Contributor"}
"""Roles that change something else, too."""


@pytest.mark.parametrize(
    ("role", "kind", "expected"),
    [
        ("Storage Blob Data Reader", "lake", {"read-data", "view"}),
        ("Storage Blob Data Contributor", "lake", {"read-data", "write-data", "delete", "operate", "view"}),
        ("Key Vault Secrets User", "secrets", {"read-secret", "view"}),
        ("Key Vault Crypto Service Encryption User", "keys", {"encrypt", "decrypt", "view"}),
        ("AcrPull", "registry", {"read-data"}),
        ("AcrPush", "registry", {"read-data", "write-data"}),
        ("Disk Snapshot Contributor", "lake", {"delete", "operate", "view"}),
        ("Managed Identity Operator", "identities", {"pass"}),
        ("Azure Kubernetes Service RBAC Cluster Admin", "kubernetes", {"administer", "operate", "read-secret", "view"}),
        ("Azure Kubernetes Service RBAC Reader", "kubernetes", {"view"}),
        ("Owner", "roles", {"change-policy"}),
        ("Contributor", "roles", set()),
        ("Contributor", "policies", set()),
    ],
)
def test_a_built_in_role_has_the_verbs_of_its_actions(role: str, kind: str, expected: set[str]) -> None:
    assert verbs(BUILT_IN[role])[kind] == expected


def test_actions_of_the_control_plane_are_not_those_of_the_data_plane() -> None:
    assert "read-data" not in verbs(BUILT_IN["Owner"])["lake"]
    assert "read-secret" not in verbs(BUILT_IN["Contributor"])["secrets"]


def test_wildcards_and_exclusions_of_a_custom_role_are_evaluated() -> None:
    blocks = [{"actions": ["Microsoft.Network/*"], "not_actions": ["Microsoft.Network/*/write"]}]
    role = custom(blocks)
    assert role.allows("microsoft.network/VIRTUALNETWORKS/delete")
    assert not role.allows("Microsoft.Network/routeTables/write")


def test_a_data_action_of_a_custom_role_allows_data_only() -> None:
    role = custom([{"data_actions": ["*"]}])
    assert verbs(role)["lake"] == {"read-data", "write-data", "change-policy"}


def test_the_stacks_own_roles_do_no_more_than_they_say() -> None:
    writer = Role((*WRITE_BLOBS.actions, *(f"data {one}" for one in WRITE_BLOBS.data_actions)))
    assert verbs(writer)["lake"] == {"read-data", "write-data", "view"}
    assert {kind for kind, found in verbs(Role(SNAPSHOT_VOLUMES.actions)).items() if found} == {"volumes"}


def test_changes_that_no_kind_covers_are_named_by_provider() -> None:
    assert others(Role(("Microsoft.Web/sites/write", "Microsoft.Network/routeTables/write"))) == ("Microsoft.Web",)


@pytest.mark.parametrize("role", sorted(set(BUILT_IN) - _WIDER))
def test_every_role_of_the_table_is_covered_by_kinds(role: str) -> None:
    assert others(BUILT_IN[role]) == ()


def test_privileged_roles_are_in_the_table_by_their_ids() -> None:
    assert {GUIDS[id] for id in PRIVILEGED} <= set(BUILT_IN)
    assert len(PRIVILEGED) == 3
