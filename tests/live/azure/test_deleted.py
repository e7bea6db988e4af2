"""Resources of Azure whose names are taken after a destroy, on a copy of the deployment."""

from terrace.azure import names
from terrace.capabilities.blockers import Blocker, Planned
from terrace.live.azure import deleted
from terrace.live.deleted import found
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def of_a_deleted_vault(site: Site) -> list[list[Blocker]]:
    """Before the deletion of a vault; after it, for a plan in the vault's group and for one in another group."""
    name = names.vault(site.target, "geo")

    def blocking(*, recovery: bool) -> list[Blocker]:
        site.deployment.reader.forget()
        values = {"name": name, "resource_group_name": names.group(site.target, recovery=recovery)}
        return found(site.deployment, deleted.CHECKS, [Planned("vault", "azurerm_key_vault", values)])

    before = blocking(recovery=False)
    site.delete(names.id(site.target, "Microsoft.Network/privateEndpoints", f"{site.prefix}-path-vault-geo"))
    site.delete(names.id(site.target, "Microsoft.KeyVault/vaults", name, recovery=True))
    return [before, blocking(recovery=True), blocking(recovery=False)]


def test_a_deleted_vault_of_another_group_blocks_its_name(snapshot: Snapshot) -> None:
    before, own, other = snapshot.run(of_a_deleted_vault)
    assert (before, own) == ([], [])  # the provider restores a vault of the same group
    (blocker,) = other
    assert "a deleted vault of another resource group, which is retained until 20" in blocker.message
    assert "az keyvault recover --name" in blocker.remedy
    assert blocker.restore == ""
