"""terrace.workloads.manifests: YAML as Kubernetes reads it."""

import sys

import pytest

from terrace.workloads.manifests import InvalidManifest, parsed

TEXT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {date: 2027-01-31, time: 2027-01-31T00:00:00Z}}
data: {mode: "yes", number: "1", exact: "=", text: "1e3"}
---
# nothing
---
apiVersion: v1
kind: ConfigMapList
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, immutable: true}
"""


@pytest.mark.parametrize("fast", [True, False], ids=["PyYAML", "ruamel.yaml"])
def test_both_parsers_read_the_same(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fast:
        monkeypatch.setitem(sys.modules, "yaml", None)
    first, second = parsed(TEXT)
    assert first["metadata"]["annotations"]["date"] == "2027-01-31"
    assert first["data"] == {"mode": "yes", "number": "1", "exact": "=", "text": "1e3"}
    assert second == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "immutable": True}


@pytest.mark.parametrize("text", ["a: [\n", "just text\n", "a: 1\n", "- kind: Pod\n"])
def test_what_is_no_manifest_is_an_error(text: str) -> None:
    with pytest.raises(InvalidManifest):
        parsed(text)


def test_booleans_are_those_of_kubernetes() -> None:
    pytest.importorskip("yaml")
    (found,) = parsed("kind: ConfigMap\nimmutable: yes\n")
    assert found["immutable"] is True
