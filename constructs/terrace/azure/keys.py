"""Key Vault: a vault a region, a key a purpose, and the identity through which services use it (KEY-1 to KEY-3)."""

from cdktn import TerraformResource
from cdktn_provider_azurerm.key_vault import KeyVault, KeyVaultNetworkAcls
from cdktn_provider_azurerm.key_vault_key import (
    KeyVaultKey,
    KeyVaultKeyRotationPolicy,
    KeyVaultKeyRotationPolicyAutomatic,
)
from cdktn_provider_azurerm.resource_group import ResourceGroup
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, KeysHandle, KeysSpec, KeyUser, Purpose
from terrace.capabilities.target import Target

_USE = "Key Vault Crypto Service Encryption User"
"""Read, wrap and unwrap: what a service needs of a key that encrypts its keys. Source: Key Vault's built-in roles."""
_ADMINISTER = ("Crypto", "Secrets", "Certificates")
"""What a deployer makes in the vault, by the roles Key Vault ... Officer."""
USERS: tuple[Purpose, ...] = ("lake", "audit", "database", "disks", "logs", "registry", "cache", "backups")
"""Purposes whose key a service uses through an identity of ours. AKS uses the cluster's key as its control plane, and
Key Vault keeps secrets under its own hardware keys."""
_NOTICE_DAYS = 30
"""How long before its expiry Key Vault tells of a key that nothing rotated."""
_BITS = 3072


class Keys(Construct):
    """Keys `purpose` in the vault of the region; those of the recovery region beside it.

    The database's recovery key lies where Azure copies its backups to, in the region's pair, since that is where it is
    used. Source: "Data encryption in Azure Database for PostgreSQL", geo-redundant backup.
    """

    def __init__(self, scope: Construct, id: str, spec: KeysSpec, target: Target) -> None:
        super().__init__(scope, id)
        self._spec, self._target = spec, target
        self._administrators: list[TerraformResource] = []
        self._grants: list[TerraformResource] = []
        group = providers.home(self)
        vault = self._vault("vault", "", target.region, group)
        home = {purpose: self._key(purpose, vault) for purpose in PURPOSES}
        users = {purpose: self._user(purpose, home[purpose]) for purpose in USERS}
        away: dict[Purpose, str] = {}
        away_users: dict[Purpose, KeyUser] = {}
        if target.recovery_region:
            other = providers.recovery(self)
            geo = str(names.geo_region(target))
            vaults = {"recovery": self._vault("vault-recovery", "recovery", target.recovery_region, other)}
            vaults["geo"] = self._vault("vault-geo", "geo", geo, other)
            for purpose in RECOVERY_PURPOSES:
                place = "geo" if purpose == "database" else "recovery"
                key = self._key(purpose, vaults[place], recovery=True)
                away[purpose] = names.key_url(target, purpose, place)
                if purpose in USERS:
                    away_users[purpose] = self._user(purpose, key, recovery=True)
        self.handle = KeysHandle(
            home={purpose: names.key_url(target, purpose) for purpose in PURPOSES},
            recovery=away,
            versions={purpose: key.id for purpose, key in home.items()},
            users=users,
            recovery_users=away_users,
            ready=tuple(self._grants),
        )

    def _vault(self, id: str, place: str, region: str, group: ResourceGroup) -> KeyVault:
        """Nobody reaches it but by a private path, and services of Azure that it trusts."""
        vault = KeyVault(
            self,
            id,
            name=names.vault(self._target, place),
            location=region,
            resource_group_name=group.name,
            tenant_id=names.settings(self._target).tenant_id,
            sku_name="premium",
            rbac_authorization_enabled=True,  # KEY-3
            purge_protection_enabled=True,  # KEY-2
            soft_delete_retention_days=self._spec.deletion_window_days,  # KEY-2
            public_network_access_enabled=False,  # NET-3
            network_acls=KeyVaultNetworkAcls(bypass="AzureServices", default_action="Deny"),
            tags=dict(self._target.tags),
        )
        if deployer := names.settings(self._target).deployer_id:
            for what in _ADMINISTER:
                role = f"Key Vault {what} Officer"
                self._administrators.append(iam.grant(self, f"{id}-{what.lower()}", deployer, role, on=vault.id))
        return vault

    def _key(self, purpose: Purpose, vault: KeyVault, *, recovery: bool = False) -> KeyVaultKey:
        return KeyVaultKey(
            self,
            f"{purpose}-recovery" if recovery else purpose,
            name=purpose,
            key_vault_id=vault.id,
            key_type="RSA" if self._target.tier == "dev" else "RSA-HSM",
            key_size=_BITS,
            key_opts=["decrypt", "encrypt", "sign", "unwrapKey", "verify", "wrapKey"],
            rotation_policy=KeyVaultKeyRotationPolicy(
                automatic=KeyVaultKeyRotationPolicyAutomatic(
                    time_after_creation=f"P{self._spec.rotation_days}D"  # KEY-1
                ),
                expire_after=f"P{self._spec.rotation_days + 2 * _NOTICE_DAYS}D",
                notify_before_expiry=f"P{_NOTICE_DAYS}D",
            ),
            tags={**self._target.tags, "purpose": purpose},
            depends_on=list(self._administrators),
        )

    def _user(self, purpose: Purpose, key: KeyVaultKey, *, recovery: bool = False) -> KeyUser:
        """KEY-3: an identity a purpose, that may use the one key and do nothing else."""
        id = f"{purpose}-recovery" if recovery else purpose
        # beside the key, also where that is not the recovery region itself
        region = names.geo_region(self._target) if recovery and purpose == "database" else None
        made = iam.identity(self, f"{id}-user", self._target, purpose=f"{id}-key", recovery=recovery, region=region)
        self._grants.append(
            iam.grant(self, f"{id}-use", made.principal_id, _USE, on=key.resource_versionless_id)  # KEY-3
        )
        return KeyUser(id=names.identity_id(self._target, f"{id}-key", recovery=recovery), client_id=made.client_id)
