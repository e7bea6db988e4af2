"""Terrace's own chart installs the objects as they are."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from terrace.workloads import base
from terrace.workloads.context import Context
from terrace.workloads.release import WIRING


def test_the_chart_has_one_template_and_no_values_of_its_own() -> None:
    assert [path.name for path in (WIRING / "templates").iterdir()] == ["objects.yaml"]
    assert YAML(typ="safe").load(WIRING / "values.yaml") == {"objects": []}


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_helm_renders_the_objects_unchanged(context: Context, tmp_path: Path) -> None:
    release = base.release(context.modules["warehouse"], context)
    (tmp_path / "values.json").write_text(json.dumps(release.values))
    done = subprocess.run(
        ["helm", "template", release.name, str(WIRING), "--values", str(tmp_path / "values.json")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rendered = [one for one in YAML(typ="safe").load_all(done.stdout) if one]
    key = lambda one: (one["kind"], one["metadata"]["name"])  # noqa: E731
    assert sorted(rendered, key=key) == sorted(release.values["objects"], key=key)
