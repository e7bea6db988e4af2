"""Data keys of the clouds' key management services, on the emulated clouds."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from terrace.azure import names as azure_names
from terrace.capabilities.cloud import implementation
from terrace.capabilities.data_keys import DataKeys, KeyRefuses
from terrace.capabilities.target import Target
from terrace.emulator import Emulator
from terrace.environment import load, target
from terrace.errors import TerraceError
from terrace.gcp import names as gcp_names
from terrace.live.azure.session import Reader
from tests.conftest import ROOT
from tests.deployment.test_adoption import client
from tests.emulated import emulated


def make_key_aws(emulator: Emulator, where: Target) -> None:
    kms = client(emulator, "kms", where.region)
    alias = implementation("terrace", "aws", "names").state_key(where)
    kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def make_key_gcp(emulator: Emulator, where: Target) -> None:
    ring, _, key = gcp_names.state_key(where).rpartition("/cryptoKeys/")
    parent, _, name = ring.rpartition("/keyRings/")
    enable = f"serviceusage.googleapis.com/v1/projects/{gcp_names.account(where)}/services/cloudkms.googleapis.com"
    for url, body in (
        (f"{enable}:enable", {}),
        (f"cloudkms.googleapis.com/v1/{parent}/keyRings?keyRingId={name}", {}),
        (f"cloudkms.googleapis.com/v1/{ring}/cryptoKeys?cryptoKeyId={key}", {"purpose": "ENCRYPT_DECRYPT"}),
    ):
        requests.post(
            f"https://{url}",
            json=body,
            headers={"Authorization": "Bearer emulated"},
            proxies={"https": emulator.proxy},
            verify=str(emulator.ca),
            timeout=20,
        ).raise_for_status()


def make_key_azure(emulator: Emulator, where: Target) -> None:
    vault = azure_names.state_vault_id(where)
    group = vault.partition("/providers/")[0]
    place, tenant = {"location": where.region}, azure_names.settings(where).tenant_id
    properties = {"sku": {"family": "A", "name": "standard"}, "tenantId": tenant, "enableRbacAuthorization": True}
    key = {"properties": {"kty": "RSA", "keySize": 2048}}
    reader = Reader(azure_names.settings(where), emulator.child_environment(os.environ))
    reader.write(group, place)
    reader.write(vault, place | {"properties": properties})
    reader.write(f"{vault}/keys/{azure_names.STATE_KEY}", key)


MAKE: dict[str, Callable[[Emulator, Target], None]] = {
    "aws": make_key_aws,
    "azure": make_key_azure,
    "gcp": make_key_gcp,
}


@pytest.mark.parametrize("cloud", MAKE)
def test_a_data_key_opens_with_its_key_and_context_only(tmp_path: Path, cloud: str) -> None:
    where: Any = target(load("dev", project=ROOT, cloud=cloud).environment)
    with emulated(cloud, tmp_path) as emulator:
        keys: DataKeys = implementation("terrace.live", cloud, "data_keys").data_keys(
            where, emulator.child_environment(os.environ)
        )
        with pytest.raises(TerraceError):
            keys.new({"purpose": "test"})  # before the key exists
        MAKE[cloud](emulator, where)
        made = keys.new({"purpose": "test"})
        assert len(made.plain) == 32 and made.plain not in made.wrapped
        assert keys.unwrap(made.wrapped, {"purpose": "test"}) == made.plain
        assert keys.new({"purpose": "test"}).plain != made.plain
        for wrapped, context in ((made.wrapped, {"purpose": "other"}), (made.wrapped[:-1] + b"x", {"purpose": "test"})):
            with pytest.raises(KeyRefuses):
                keys.unwrap(wrapped, context)
