"""Secrets from the cloud's secret manager."""

import pytest

from terrace.errors import ContractError
from terrace.workloads import secrets
from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of


def test_each_key_is_derived_from_the_modules_secret_and_named(context: Context) -> None:
    objects = secrets.objects(context.modules["warehouse"], context)
    spec = of(objects, "ExternalSecret")["warehouse-session"]["spec"]
    assert spec["target"]["template"]["data"] == {
        "signing-key": '{{ printf "%s%s" .value "/warehouse-session/signing-key" | sha256sum }}',
        "salt": '{{ printf "%s%s" .value "/warehouse-session/salt" | sha256sum }}',
    }
    assert spec["refreshInterval"] and spec["refreshPolicy"] == "Periodic"
    (source,) = spec["data"]
    expected = {
        "aws": context.outputs.secrets["warehouse"],
        "azure": "warehouse-app",
        "gcp": "dpf-dev-warehouse-app",
    }
    assert source["remoteRef"] == {"key": expected[context.environment.cloud]}
    assert spec["secretStoreRef"] == {"kind": "SecretStore", "name": "warehouse"}


def test_a_store_reads_as_its_module(make: Make) -> None:
    stores = {
        cloud: of(secrets.objects(make(cloud).modules["warehouse"], make(cloud)), "SecretStore")["warehouse"]["spec"]
        for cloud in ("aws", "azure", "gcp")
    }
    assert stores["aws"]["provider"]["aws"]["role"] == "arn:aws:iam::111122223333:role/dpf-dev-module-warehouse"
    assert stores["azure"]["provider"]["azurekv"]["serviceAccountRef"] == {"name": "warehouse"}
    identity = stores["gcp"]["provider"]["gcpsm"]["auth"]["workloadIdentity"]
    assert identity["serviceAccountRef"] == {"name": "warehouse"}


def test_a_module_without_secrets_has_no_store(context: Context) -> None:
    assert secrets.objects(context.modules["loader"], context) == []


def test_secrets_need_a_module_that_provides_them(make: Make) -> None:
    context = make(modules=("warehouse",))
    with pytest.raises(ContractError, match="no enabled module provides them"):
        secrets.objects(context.modules["warehouse"], context)
