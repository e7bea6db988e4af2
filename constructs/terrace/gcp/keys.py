"""KMS keys, one per purpose, in the home region, in the recovery region, and in the multi-region of both."""

from collections.abc import Mapping

from cdktn import TerraformResourceLifecycle
from cdktn_provider_google.kms_crypto_key import KmsCryptoKey, KmsCryptoKeyVersionTemplate
from cdktn_provider_google.kms_crypto_key_iam_member import KmsCryptoKeyIamMember
from cdktn_provider_google.kms_key_ring import KmsKeyRing
from constructs import Construct

from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, KeysHandle, KeysSpec, Purpose
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.gcp.providers import service

USERS: Mapping[Purpose, tuple[str, ...]] = {
    "lake": ("storage",),
    "audit": ("storage",),
    "database": ("sqladmin",),
    "cluster": ("container",),
    "disks": ("compute", "container"),
    "logs": ("logging", "storage"),
    "secrets": ("secretmanager",),
    "registry": ("artifactregistry",),
    "cache": ("memorystore",),
    "events": ("pubsub",),
    "backups": ("storage", "gkebackup", "backupdr"),
}
"""The services whose own identities may use a purpose's key, exclusively (KEY-3)."""

_SPANNING: tuple[Purpose, ...] = ("lake", "backups")
"""Keys of buckets that span both regions; Cloud Storage requires them in the multi-region that contains both."""

_DAY_SECONDS = 86400


class Keys(Construct):
    """One key ring per place and one key per purpose, hardware-backed except in dev.

    Neither rings nor keys can be deleted: a destroy destroys a key's versions after the deletion window, and the next
    apply of the same name must import both. Source: Cloud KMS documentation, "Destroy and restore key versions".
    """

    def __init__(self, scope: Construct, id: str, spec: KeysSpec, target: Target, *, streams: bool) -> None:
        super().__init__(scope, id)
        self._users = {**USERS, "events": (*USERS["events"], "managedkafka")} if streams else USERS
        self._grants: list[KmsCryptoKeyIamMember] = []
        self._ring("home", spec, target, PURPOSES)
        if target.recovery_region:
            self._ring("recovery", spec, target, tuple(p for p in RECOVERY_PURPOSES if p != "lake"))
            self._ring("both", spec, target, _SPANNING)
        self.handle = KeysHandle(
            home={purpose: names.key(target, purpose) for purpose in PURPOSES},
            recovery={
                # the lake recovers from its buckets' second region, so its key is in their multi-region
                purpose: names.key(target, purpose, "both" if purpose == "lake" else "recovery")
                for purpose in RECOVERY_PURPOSES
            }
            if target.recovery_region
            else {},
            ready=tuple(self._grants),
        )

    def _ring(self, place: Place, spec: KeysSpec, target: Target, purposes: tuple[Purpose, ...]) -> None:
        ring = KmsKeyRing(
            self,
            f"{place}-ring",
            name=target.prefix,
            location=names.key_location(target, place),
            depends_on=[service(self, "cloudkms")],
        )
        for purpose in purposes:
            id = purpose if place == "home" else f"{purpose}-{place}"
            made: list[KmsCryptoKey] = []
            if place != "home" or purpose not in target.existing.keys:
                made.append(self._key(id, purpose, spec, target, place, ring))
            for user in self._users[purpose]:
                if place == "both" and user != "storage":
                    continue
                self._grants.append(
                    KmsCryptoKeyIamMember(  # KEY-3
                        self,
                        f"{id}-{user}",
                        crypto_key_id=names.key(target, purpose, place),
                        role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                        member=names.agent(target, user),
                        depends_on=[*made, service(self, user)],
                    )
                )

    def _key(
        self, id: str, purpose: Purpose, spec: KeysSpec, target: Target, place: Place, ring: KmsKeyRing
    ) -> KmsCryptoKey:
        return KmsCryptoKey(
            self,
            id,
            name=purpose,
            key_ring=names.key_ring(target, place),
            purpose="ENCRYPT_DECRYPT",
            rotation_period=f"{spec.rotation_days * _DAY_SECONDS}s",  # KEY-1
            destroy_scheduled_duration=f"{spec.deletion_window_days * _DAY_SECONDS}s",  # KEY-2
            deletion_policy=names.deletion(target),  # KEY-2
            version_template=KmsCryptoKeyVersionTemplate(
                algorithm="GOOGLE_SYMMETRIC_ENCRYPTION",
                protection_level="SOFTWARE" if target.tier == "dev" else "HSM",
            ),
            # a new key could not decrypt what the old one encrypted
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["destroy_scheduled_duration", "version_template[0].protection_level"]
            ),
            depends_on=[ring],
        )
