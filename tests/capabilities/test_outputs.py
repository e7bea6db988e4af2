"""The outputs as a contract: what a stack writes is what the model wants, on every cloud."""

import pytest
from pydantic import ValidationError

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.outputs import Outputs, parse


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_stacks_outputs_are_the_models_fields(foundation, cloud, environment):
    outputs = foundation(environment, cloud=cloud).document["output"]
    assert set(outputs) == set(Outputs.model_fields)
    # tokens stand where values will be; the shape is what counts here, and a demo parses the applied ones
    parsed = parse({name: {"value": body["value"]} for name, body in outputs.items()})
    assert parsed.version == 1
    assert parsed.cloud == cloud
    assert set(parsed.buckets) >= {"bronze", "silver", "gold", "platinum"}


def test_an_output_of_another_version_is_refused(foundation):
    outputs = foundation("dev").document["output"]
    with pytest.raises(ValidationError, match="version"):
        parse({**{name: {"value": body["value"]} for name, body in outputs.items()}, "version": {"value": 2}})


def test_no_output_is_a_secret(foundation):
    for environment in ("dev", "prod"):
        document = foundation(environment).document
        assert not any(body.get("sensitive") for body in document["output"].values())
        assert "password" not in str(document["output"]).lower()
