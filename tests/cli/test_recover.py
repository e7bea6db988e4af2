"""`terrace apply --recover`: what the clouds keep after a deletion is restored and adopted, with real Terraform."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import facts
from terrace.emulator import Emulator
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_adoption import TAGS, client
from tests.e2e.test_demo import PROVIDERS, require_provider
from tests.emulated import emulated

REGION = "eu-central-1"
"""The region of dev, in which Terrace looks for deleted resources."""


def _secret(name: str) -> dict[str, Any]:
    return {
        "aws_kms_key": {"secrets": resource("dev/keys/secrets", tags={"Name": f"{name}-secrets"})},
        "aws_secretsmanager_secret": {
            "module": resource("dev/secrets/module", name=f"dpf-dev/{name}", kms_key_id="${aws_kms_key.secrets.arn}")
        },
    }


class Aws:
    """A small stack on the emulated AWS, applied with the command."""

    def __init__(self, terrace: Command, aws: Emulator) -> None:
        self.terrace, self.variables = terrace, aws.environment()
        self.secrets, self.kms = client(aws, "secretsmanager", REGION), client(aws, "kms", REGION)

    def planned(self, resources: dict[str, Any]) -> str:
        """What a plan of these resources says on standard error."""
        provider = {"aws": [{"region": REGION, "default_tags": [{"tags": TAGS}]}]}
        self.terrace.small.stack(resources, provider=provider)
        return self.terrace.run("plan", "dev", **self.variables).stderr

    def applied(self, resources: dict[str, Any], *options: str) -> None:
        self.planned(resources)
        done = self.terrace.run("apply", "dev", "--yes", *options, *GLASS, **self.variables)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def small_aws(terrace: Command, aws: Emulator) -> Aws:
    return Aws(terrace, aws)


def test_a_secret_of_a_module_that_is_enabled_again_is_restored_and_adopted(small_aws: Aws) -> None:
    """An earlier apply made the secret, and a later one, without the module, scheduled it for deletion."""
    secrets = small_aws.secrets
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    arn = secrets.create_secret(Name="dpf-dev/recovered", SecretString="x", Tags=tags)["ARN"]
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    said = small_aws.planned(
        {"aws_secretsmanager_secret": {"module": resource("dev/secrets/module", name="dpf-dev/recovered")}}
    )
    assert "exists and is scheduled for deletion" in said, said
    assert "terrace apply ENV --recover" in said
    done = small_aws.terrace.run("apply", "dev", "--yes", "--recover", *GLASS, **small_aws.variables)
    assert done.returncode == 0, done.stderr
    assert secrets.describe_secret(SecretId=arn).get("DeletedDate") is None


@pytest.mark.e2e
def test_after_a_destroy_a_secret_and_its_key_are_restored_and_adopted(small_aws: Aws) -> None:
    """The destroy schedules both for deletion; without its key, a secret cannot be decrypted."""
    stack, terrace, variables = _secret("destroyed"), small_aws.terrace, small_aws.variables
    small_aws.applied(stack)
    secret = small_aws.secrets.describe_secret(SecretId="dpf-dev/destroyed")
    key = secret["KmsKeyId"]

    def key_state() -> str:
        state: str = small_aws.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        return state

    destroyed = terrace.run("destroy", "dev", "--yes", "dev", **variables)
    assert "dev on aws: 2 resources destroyed" in destroyed.stdout, destroyed.stderr
    assert key_state() == "PendingDeletion"
    assert "exists and is scheduled for deletion" in small_aws.planned(stack)
    without = terrace.run("apply", "dev", "--yes", *GLASS, **variables)
    assert without.returncode == 1 and "nothing was changed" in without.stderr, without.stderr
    small_aws.applied(stack, "--recover")
    assert key_state() == "Enabled"
    restored = small_aws.secrets.describe_secret(SecretId=secret["ARN"])
    assert (restored.get("DeletedDate"), restored["KmsKeyId"]) == (None, key)
    assert "No changes" in terrace.run("plan", "dev", **variables).stdout


def _azure(account: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A vault with a key and a secret; the provider's settings are those of the stacks."""
    recovering = {
        "purge_soft_delete_on_destroy": False,
        "purge_soft_deleted_keys_on_destroy": False,
        "purge_soft_deleted_secrets_on_destroy": False,
        "recover_soft_deleted_key_vaults": True,
        "recover_soft_deleted_keys": True,
        "recover_soft_deleted_secrets": True,
    }
    provider = {
        "subscription_id": account["subscription_id"],
        "tenant_id": account["tenant_id"],
        "resource_provider_registrations": "none",
        "features": [{"key_vault": [recovering]}],
    }
    where = {"resource_group_name": "${azurerm_resource_group.main.name}", "location": "germanywestcentral"}
    vault = {"sku_name": "premium", "purge_protection_enabled": True, "rbac_authorization_enabled": True}
    inside = {"key_vault_id": "${azurerm_key_vault.main.id}"}
    options = ["decrypt", "encrypt"]
    return {
        "azurerm_resource_group": {
            "main": resource("dev/group", name="recovered", location="germanywestcentral", tags=TAGS)
        },
        "azurerm_key_vault": {
            "main": resource(
                "dev/keys/vault", name="recovered-1a2b3c", tenant_id=account["tenant_id"], tags=TAGS, **vault, **where
            )
        },
        "azurerm_key_vault_key": {
            "lake": resource(
                "dev/keys/lake", name="lake", key_type="RSA", key_size=3072, key_opts=options, tags=TAGS, **inside
            )
        },
        "azurerm_key_vault_secret": {
            "app": resource("dev/secrets/app", name="app", value_wo="emulated", value_wo_version=1, tags=TAGS, **inside)
        },
    }, {"azurerm": [provider]}


def _gcp(account: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A key, a log bucket, and a workload identity pool with a provider."""
    project = account["project_id"]
    services = {
        name: resource(f"dev/services/{name}", service=f"{name}.googleapis.com", disable_on_destroy=False)
        for name in ("cloudkms", "iam", "logging")
    }
    after: dict[str, Any] = {"depends_on": [f"google_project_service.{name}" for name in services]}
    ring = f"projects/{project}/locations/europe-west3/keyRings/recovered"
    oidc = {
        "oidc": {"issuer_uri": "https://token.example.com"},
        "attribute_mapping": {"google.subject": "assertion.sub"},
    }
    return {
        "google_project_service": services,
        "google_kms_key_ring": {"main": resource("dev/keys/ring", name="recovered", location="europe-west3", **after)},
        "google_kms_crypto_key": {
            "lake": resource("dev/keys/lake", name="lake", key_ring=ring, depends_on=["google_kms_key_ring.main"])
        },
        "google_logging_project_bucket_config": {
            "flow": resource(
                "dev/observability/flow-log", project=project, location="europe-west3", bucket_id="recovered", **after
            )
        },
        "google_iam_workload_identity_pool": {
            "ci": resource("dev/pipelines/pool", workload_identity_pool_id="recovered", **after)
        },
        "google_iam_workload_identity_pool_provider": {
            "ci": resource(
                "dev/pipelines/provider",
                workload_identity_pool_id="recovered",
                workload_identity_pool_provider_id="recovered",
                depends_on=["google_iam_workload_identity_pool.ci"],
                **oidc,
            )
        },
    }, {"google": [{"project": project, "region": "europe-west3", "default_labels": TAGS}]}


STACKS = {"azure": _azure, "gcp": _gcp}
KEPT = {
    "azure": (),
    "gcp": (
        "google_iam_workload_identity_pool.ci",
        "google_iam_workload_identity_pool_provider.ci",
        "google_kms_crypto_key.lake",
        "google_logging_project_bucket_config.flow",
    ),
}
"""What a plan after a destroy names: what its cloud's provider does not restore by itself."""


@pytest.fixture
def emulator(cloud: str, tmp_path: Path) -> Iterator[Emulator]:
    require_provider(cloud)
    with emulated(cloud, tmp_path / "emulator") as running:
        yield running


@pytest.mark.e2e
@pytest.mark.parametrize("cloud", STACKS)
def test_after_a_destroy_what_the_cloud_keeps_is_restored_and_adopted(
    cloud: str, terrace: Command, emulator: Emulator
) -> None:
    resources, provider = STACKS[cloud](emulator.account)
    source = {"source": PROVIDERS[cloud], "version": facts(cloud).provider_versions}
    local = {"path": f"../../../.terrace/state/dev-{cloud}-foundation.tfstate"}
    required = {"required_providers": {PROVIDERS[cloud].partition("/")[2]: source}, "backend": {"local": local}}
    terrace.small.stack(resources, provider=provider, terraform=required)
    variables = emulator.environment() | {n: v for n, v in os.environ.items() if n == "TERRACE_PROVIDER_MIRROR"}
    options = ("--cloud", cloud)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return terrace.run(*arguments, *options, **variables)

    def applied(*more: str) -> None:
        planned = run("plan", "dev")
        assert "Saved to" in planned.stderr, planned.stderr
        done = run("apply", "dev", "--yes", *more, *GLASS)
        assert done.returncode == 0, done.stderr

    def version() -> str:
        """The version of the key, which a new key would not have."""
        state = json.loads((terrace.small.root / f".terrace/state/dev-{cloud}-foundation.tfstate").read_text())
        keys = [one for one in state["resources"] if one["name"] == "lake"]
        attributes = keys[0]["instances"][0]["attributes"]
        return str(attributes.get("version") or attributes["primary"][0]["name"])

    applied()
    before = version()
    assert "resources destroyed" in (destroyed := run("destroy", "dev", "--yes", "dev")).stdout, destroyed.stderr
    said = run("plan", "dev").stderr
    for address in KEPT[cloud]:
        assert address in said, said
    if KEPT[cloud]:
        assert "`terrace apply ENV --recover`" in said
    applied(*(["--recover"] if KEPT[cloud] else []))
    assert version() == before
    assert "No changes" in (again := run("plan", "dev")).stdout, again.stdout
    assert emulator.unsupported() == []
