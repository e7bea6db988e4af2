"""Each cloud has complete facts, and importing them loads no CDK."""

import re
import subprocess
import sys

import pytest

from terrace.assurance.guarantees import BY_ID
from terrace.capabilities.cloud import CLOUDS, TITLES, facts, implementation
from terrace.errors import UsageError
from tests.conftest import ROOT


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_exception_names_one_guarantee_and_is_complete(cloud: str) -> None:
    exceptions = facts(cloud).exceptions
    ids = [exception.guarantee for exception in exceptions]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(BY_ID)
    for exception in exceptions:
        for text in (exception.reason, exception.compensation, exception.source):
            assert len(text) > 20, exception.guarantee


@pytest.mark.parametrize("cloud", CLOUDS)
def test_code_names_a_guarantee_that_has_an_exception(cloud: str) -> None:
    folder = ROOT / "constructs" / "terrace" / cloud
    text = "\n".join(path.read_text() for path in folder.glob("*.py") if path.name != "facts.py")
    for exception in facts(cloud).exceptions:
        assert exception.guarantee in text


@pytest.mark.parametrize("cloud", CLOUDS)
def test_stateful_and_undeletable_types_belong_to_the_clouds_provider(cloud: str) -> None:
    known = facts(cloud)
    prefix = known.provider.rpartition("/")[2] + "_"
    assert known.stateful
    assert all(type.startswith(prefix) for type in (*known.stateful, *known.undeletable))


@pytest.mark.parametrize(
    ("cloud", "types"),
    [
        ("aws", {"aws_backup_vault", "aws_elasticache_replication_group", "aws_msk_cluster"}),
        ("azure", {"azurerm_data_protection_backup_vault", "azurerm_eventhub", "azurerm_managed_redis"}),
        ("gcp", {"google_backup_dr_backup_vault", "google_managed_kafka_topic", "google_memorystore_instance"}),
    ],
)
def test_streams_the_cache_and_the_backup_vault_are_stateful(cloud: str, types: set[str]) -> None:
    assert types <= facts(cloud).stateful


def test_facts_load_neither_the_cdk_nor_bindings() -> None:
    program = (
        "import sys; from terrace.capabilities.cloud import CLOUDS, facts\n"
        "for cloud in CLOUDS: facts(cloud)\n"
        "print([name for name in sys.modules if name.startswith(('cdktn', 'jsii', 'constructs.', 'pydantic'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_cloud_has_a_title() -> None:
    assert set(TITLES) == set(CLOUDS)


@pytest.mark.parametrize("cloud", ["oracle", "", "aws.names"])
def test_an_unknown_cloud_is_a_usage_error(cloud: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"unknown cloud {cloud!r}")):
        implementation("terrace", cloud, "facts")
