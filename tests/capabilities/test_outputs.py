"""The outputs of a foundation match their model on every cloud."""

import re

import pytest
from pydantic import ValidationError

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.outputs import Outputs, parse
from tests.conftest import FOUNDATION_MODULES


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_outputs_have_the_fields_of_the_model(foundation, cloud, environment):
    outputs = foundation(environment, cloud=cloud).document["output"]
    assert set(outputs) == set(Outputs.model_fields) - {"streams"}  # which no shipped environment has
    # values are still tokens, so this checks the shape; the demo parses applied outputs
    parsed = parse({name: {"value": body["value"]} for name, body in outputs.items()})
    assert parsed.version == 2
    assert parsed.cloud == cloud
    assert set(parsed.buckets) >= {"bronze", "silver", "gold", "platinum"}
    assert parsed.dns_zone and parsed.database.admin
    assert parsed.database.schemas == ("raw", "staging", "intermediate", "marts", "data_platform")


LAKE = {
    "aws": "s3://dpf-dev-{layer}-111122223333",
    "azure": "abfss://{layer}@{bucket}.dfs.core.windows.net",
    "gcp": "gs://dpf-dev-{layer}-123456789012",
}
ROLES = {
    "aws": {"airflow": "airflow", "superset": "superset"},
    "azure": {"airflow": "dpf-dev-module-airflow", "superset": "dpf-dev-module-superset"},
    "gcp": {
        "airflow": "dpf-dev-module-airflow@acme-data-dev.iam",
        "superset": "dpf-dev-module-superset@acme-data-dev.iam",
    },
}
REGISTRIES = {
    "aws": "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
    "azure": r"dpfdevregistry[0-9a-f]{6}\.azurecr\.io",
    "gcp": "europe-west3-docker.pkg.dev/acme-data-dev",
}
COMPONENTS = {"database-bootstrap", "cert-manager", "external-dns", "velero"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_outputs_name_the_lake_the_roles_and_the_registry(foundation, cloud):
    outputs = foundation("dev", cloud=cloud).document["output"]
    parsed = parse({name: {"value": body["value"]} for name, body in outputs.items()})
    layers = ("bronze", "silver", "gold", "platinum", "artifacts")
    assert parsed.lake == {layer: LAKE[cloud].format(layer=layer, bucket=parsed.buckets[layer]) for layer in layers}
    assert parsed.database.roles == ROLES[cloud]
    assert re.fullmatch(REGISTRIES[cloud], parsed.registry)
    assert set(parsed.identities) == set(FOUNDATION_MODULES)
    assert set(parsed.platform_identities) >= COMPONENTS
    assert not set(parsed.identities.values()) & set(parsed.platform_identities.values())


def test_outputs_of_another_version_are_rejected(foundation):
    outputs = foundation("dev").document["output"]
    with pytest.raises(ValidationError, match="version"):
        parse({**{name: {"value": body["value"]} for name, body in outputs.items()}, "version": {"value": 1}})


def test_no_output_is_a_secret(foundation):
    for environment in ("dev", "prod"):
        document = foundation(environment).document
        assert not any(body.get("sensitive") for body in document["output"].values())
        assert "password" not in str(document["output"]).lower()
