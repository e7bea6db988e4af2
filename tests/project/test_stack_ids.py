"""The ids of an environment's stacks."""

import pytest

from terrace.project.stack_ids import LAYERS, every, parsed, stack_id


@pytest.mark.parametrize("layer", LAYERS)
def test_an_id_names_its_environment_and_layer(layer):
    assert parsed(stack_id("dev", layer), ["dev", "prod"]) == ("dev", layer)


def test_an_unknown_id_is_an_environment_whose_loading_reports_it():
    assert parsed("nowhere-bootstrap", ["dev"]) == ("nowhere-bootstrap", "foundation")


def test_all_stacks_are_in_the_order_of_their_applies():
    assert every(["dev"]) == ["dev-bootstrap", "dev", "dev-workloads"]
