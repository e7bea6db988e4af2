"""Key Vault: one vault per region, one key per purpose, and the identity that services use it with (KEY-1 to KEY-3)."""

from cdktn import TerraformResource, TerraformResourceLifecycle
from cdktn_provider_azurerm.key_vault import KeyVault, KeyVaultNetworkAcls
from cdktn_provider_azurerm.key_vault_key import (
    KeyVaultKey,
    KeyVaultKeyRotationPolicy,
    KeyVaultKeyRotationPolicyAutomatic,
)
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.capabilities.keys import PURPOSES, KeysHandle, KeysSpec, KeyUser, Purpose
from terrace.capabilities.target import Target

_USE = "Key Vault Crypto Service Encryption User"
"""Read, wrap and unwrap: what a service needs to encrypt its own keys with this key. Source: Key Vault's built-in
roles."""
_ADMINISTER = ("Crypto", "Secrets", "Certificates")
"""What a deployer creates in the vault, as in the roles Key Vault ... Officer."""
USERS: tuple[Purpose, ...] = ("lake", "audit", "database", "disks", "logs", "registry", "cache", "backups")
"""Purposes whose key a service uses with an identity of the kit. AKS uses the cluster's key with its control plane's
identity, and Key Vault encrypts secrets with its own hardware keys. Events are those of managed streams."""
_NOTICE_DAYS = 30
"""How long before its expiry Key Vault sends a notification about a key."""
_BITS = 3072


class Keys(Construct):
    """A key named `purpose` in the vault of each region.

    The database's recovery key is in the paired region, where Azure copies the backups to and uses it. Source: "Data
    encryption in Azure Database for PostgreSQL", geo-redundant backup.
    """

    def __init__(self, scope: Construct, id: str, spec: KeysSpec, target: Target, *, streams: bool) -> None:
        super().__init__(scope, id)
        self._spec, self._target = spec, target
        self._administrators: list[TerraformResource] = []
        self._grants: list[TerraformResource] = []
        group = providers.home(self, target)
        vault = self._vault("vault", "", target.region, group)
        existing = target.existing.keys
        home = {purpose: self._key(purpose, vault) for purpose in PURPOSES if purpose not in existing}
        users = {
            purpose: self._user(purpose, existing.get(purpose) or home[purpose].resource_versionless_id)
            for purpose in (*USERS, *(("events",) if streams else ()))
        }
        away: dict[Purpose, str] = {}
        away_users: dict[Purpose, KeyUser] = {}
        if target.recovery_region:
            other = providers.recovery(self, target)
            geo = str(names.geo_region(target))
            vaults = {"recovery": self._vault("vault-recovery", "recovery", target.recovery_region, other)}
            vaults["geo"] = self._vault("vault-geo", "geo", geo, other)
            for purpose in names.RECOVERY_KEYS:
                site = "geo" if purpose == "database" else "recovery"
                key = self._key(purpose, vaults[site], recovery=True)
                away[purpose] = names.key_url(target, purpose, site)
                if purpose in USERS:
                    away_users[purpose] = self._user(purpose, key.resource_versionless_id, recovery=True)
        self.handle = KeysHandle(
            home={purpose: names.key_url(target, purpose) for purpose in PURPOSES},
            recovery=away,
            versions={purpose: key.id for purpose, key in home.items()},
            users=users,
            recovery_users=away_users,
            ready=tuple(self._grants),
        )

    def _vault(self, id: str, site: str, region: str, group: providers.Group) -> KeyVault:
        """A vault that only private paths and trusted Azure services can reach."""
        vault = KeyVault(
            self,
            id,
            name=names.vault(self._target, site),
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
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["soft_delete_retention_days"]
            ),  # Azure refuses a change
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
            # a new key could not decrypt what the old one encrypted
            lifecycle=TerraformResourceLifecycle(ignore_changes=["key_type"]),
            depends_on=list(self._administrators),
        )

    def _user(self, purpose: Purpose, key: str, *, recovery: bool = False) -> KeyUser:
        """KEY-3: one identity per purpose, which may only use that key."""
        id = f"{purpose}-recovery" if recovery else purpose
        # in the key's region, which may be the paired region instead of the recovery region
        region = names.geo_region(self._target) if recovery and purpose == "database" else None
        group = providers.recovery(self, self._target) if recovery else None
        user = iam.identity(self, f"{id}-user", self._target, purpose=f"{id}-key", group=group, region=region)
        self._grants.append(iam.grant(self, f"{id}-use", user.principal_id, _USE, on=key))  # KEY-3
        return KeyUser(id=names.identity_id(self._target, f"{id}-key", recovery=recovery), client_id=user.client_id)
