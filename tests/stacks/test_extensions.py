"""What the function of an extension raises is one sentence with its line."""

from pathlib import Path
from typing import Any, cast

import pytest

from terrace import engine
from terrace.capabilities.extension import ExtensionSpec
from terrace.environment import load, target
from terrace.stacks import extensions
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        (
            "def made(scope, handles, target):\n    handles.lake",
            2,
            "AttributeError: 'NoneType' object has no attribute",
        ),
        ("def made(scope, handles, target):\n    raise ValueError('a\\nb')", 2, "ValueError: a"),
        ("import os\nimport nothing_of_this_name", 2, "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
    ],
    ids=["attribute", "lines", "import"],
)
def test_an_error_of_the_function_is_a_sentence_with_its_line(
    code: str, line: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import stacks

    (tmp_path / "stacks").mkdir()
    name = f"broken_{line}_{len(code)}"
    (tmp_path / "stacks" / f"{name}.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stacks, "__path__", [str(tmp_path / "stacks")])
    dev = load("dev", project=ROOT, cloud="aws").environment
    dev = dev.model_copy(update={"extensions": {"one": ExtensionSpec(function=f"stacks.{name}:made")}})
    with pytest.raises(extensions.ExtensionFailed) as raised:
        extensions.add(engine.TerraformStack(engine.app(str(tmp_path)), "dev"), dev, cast(Any, None), target(dev))
    assert str(raised.value).startswith(f"stacks/{name}.py:{line}: the extension one failed: {message}")
    assert "\n" not in str(raised.value)
