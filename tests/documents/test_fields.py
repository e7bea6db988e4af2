"""The keys of files, from the JSON Schema of their models."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from terrace.documents.fields import EXPECTED, branch_keys, field, key_options, schema
from terrace.environment import Environment
from terrace.modules.contract import Module


def patterns(part: object) -> Iterator[str]:
    """All patterns of a JSON Schema, for values and for keys."""
    if isinstance(part, dict):
        yield from part.get("patternProperties", {})
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from patterns(inner)


@pytest.mark.parametrize("model", [Environment, Module])
def test_every_pattern_has_a_description(model: type[BaseModel]) -> None:
    assert set(patterns(schema(model))) - set(EXPECTED) == set(), "add them to terrace.documents.fields.EXPECTED"


def test_no_pattern_is_described_in_vain() -> None:
    used = {pattern for model in (Environment, Module) for pattern in patterns(schema(model))}
    assert set(EXPECTED) - used == set()


def test_fields_have_the_defaults_of_the_models() -> None:
    assert field(Environment, ("observability", "thresholds", "node_cpu_percent")).default == 85  # type: ignore[union-attr]
    assert field(Environment, ("database", "maintenance_window")).default == {"day": "sun", "hour": 3}  # type: ignore[union-attr]
    assert field(Environment, ("network", "hybrid")).default is None  # type: ignore[union-attr]


def test_fields_are_those_of_their_model() -> None:
    size = field(Module, ("components", "web", "sizes", "small", "memory"))
    assert size and size.expected == "a Kubernetes quantity of memory, such as 512Mi or 4Gi" and size.required
    assert field(Module, ("database",)) is None and field(Environment, ("database",)) is not None
    needs = field(Module, ("needs", "identities"))
    assert needs and "velero" in key_options(needs)
    until = field(Module, ("exceptions", "0", "until"))
    assert until and until.expected == "a date, such as 2027-01-31"
    objective = field(Module, ("observability", "slo", "objective"))
    assert objective and objective.expected == "more than 50 and less than 100" and objective.default == 99.9


def test_only_unions_have_branches() -> None:
    assert branch_keys(Environment, ("observability", "channels", "pager")) == ("email", "webhook")
    assert branch_keys(Environment, ("observability", "channels")) == ()
    assert branch_keys(Environment, ("unknown", "key")) == ()
    assert branch_keys(Module, ("needs", "hosts", "shop")) == ()
