"""The engine loads only the bindings in use and restores the user's Node options."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from tests.conftest import ROOT

LOADED = """
const fs = require("node:fs");
process.on("exit", () => {
  const loaded = Object.keys(require.cache).filter((file) => file.includes("/@cdktn/provider-"));
  if (loaded.length) fs.writeFileSync(process.env.COUNTED, JSON.stringify(loaded));
});
"""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_the_resources_in_use_are_loaded(cloud: str, tmp_path: Path) -> None:
    """Each binding has more than a thousand resources; a platform uses some fifty."""
    probe, counted = tmp_path / "user probe.cjs", tmp_path / "counted.json"
    probe.write_text(LOADED)
    program = (
        "import os; from terrace import engine; from terrace.stacks.foundation import Foundation\n"
        "from terrace.environment import load, target\n"
        f"dev = load('dev', cloud={cloud!r}).environment\n"
        f"Foundation(engine.app({str(tmp_path / 'out')!r}), dev, target(dev))\n"
        "print(os.environ['NODE_OPTIONS'])\n"
    )
    options = f'--require "{probe}"'
    surrounding = {**os.environ, "NODE_OPTIONS": options, "COUNTED": str(counted)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=surrounding, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == options, "the user's NODE_OPTIONS are restored"
    resources = [file for file in json.loads(counted.read_text()) if file.endswith("/index.js")]
    assert 20 < len(resources) < 200
