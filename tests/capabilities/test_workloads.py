"""Each cloud implements its half of the workloads, with the same values for modules."""

from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.workloads import CloudWorkloads
from tests.workloads.conftest import build

NAMES = {
    *(name for name in vars(CloudWorkloads) if not name.startswith("_")),
    *(name for name in CloudWorkloads.__annotations__),
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_cloud_implements_the_protocol(cloud: str) -> None:
    module = implementation("terrace", cloud, "workloads")
    assert {name for name in NAMES if not hasattr(module, name)} == set()


def _shape(value: Any) -> Any:
    """The keys that modules read on every cloud; settings of external-dns and velero are the cloud's own."""
    own = {"settings", "file", "location", "snapshots"}
    return {key: _shape(one) for key, one in value.items() if key not in own} if isinstance(value, dict) else None


def test_modules_read_the_same_values_on_every_cloud() -> None:
    shapes = []
    for cloud in CLOUDS:
        context = build(cloud)
        values = dict(context.cloud.values(context.outputs, context.target))
        # The Service differs: its type and annotations are the cloud's.
        values["entry"] = dict.fromkeys(values["entry"])
        values.pop("tenant", None)  # of Azure's Entra, which connectors name
        shapes.append(_shape(values))
    assert shapes[0] == shapes[1] == shapes[2]
