"""Whatever the cloud, somebody hears of the same (OBS-2, OBS-3)."""

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.observability import EscalationSpec
from terrace.capabilities.signals import BURNS, SEVERITIES, lasting_minutes
from tests.conftest import Foundations, path_of

WATCHED = (
    "database-cpu", "database-storage", "database-connections", "cache-memory", "cache-evictions",
    "nodes-cpu", "nodes-memory", "nat-ports",
)  # fmt: skip
"""Each is an alarm for each severity, or one for each node or zone, whose name begins so."""


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_same_is_watched_on_each_cloud(foundation: Foundations, cloud: str, environment: str) -> None:
    stack = foundation(environment, cloud=None if cloud == "aws" else cloud)
    paths = [path_of(body) for group in stack.document["resource"].values() for body in group.values()]
    alarms = [path.removeprefix("alarms/") for path in paths if path.startswith("alarms/")]
    for signal in WATCHED:
        for severity in SEVERITIES:
            assert [path for path in alarms if path.startswith(signal) and path.endswith(severity)], signal
    for kind in ("api-denials", "trail-stopped", *(f"objective-{burn}" for burn in BURNS)):
        assert [path for path in alarms if path.startswith(kind)], kind


def test_a_signal_is_a_warning_before_it_is_critical() -> None:
    escalation = EscalationSpec(warning=("mail",), critical=("pager",), critical_after_minutes=60)
    assert [lasting_minutes(escalation, severity) for severity in SEVERITIES] == [15, 60]
