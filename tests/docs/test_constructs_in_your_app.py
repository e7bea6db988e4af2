"""The app of docs/guides/constructs-in-your-app.md runs as written, and makes nothing but a database."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "guides" / "constructs-in-your-app.md"
LINES = 15
"""Of the app without its imports, at most."""


def test_the_database_is_in_the_network_of_others(tmp_path: Path) -> None:
    found = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert found
    code = found[1]
    written = [line for line in code.splitlines() if line and not re.match(r"import |from ", line)]
    assert len(written) <= LINES
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    shutil.copytree(ROOT / "modules", tmp_path / "modules")
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    (tmp_path / "app.py").write_text(code)
    variables = {**os.environ, "PYTHONPATH": f"{ROOT / 'constructs'}"}
    subprocess.run([sys.executable, "app.py"], cwd=tmp_path, env=variables, check=True, capture_output=True)
    stack = json.loads((tmp_path / "cdktf.out/stacks/reports/cdk.tf.json").read_text())
    types = set(stack["resource"])
    assert not types & {"aws_vpc", "aws_subnet", "aws_security_group", "aws_kms_key", "aws_sns_topic"}
    (subnets,) = stack["resource"]["aws_db_subnet_group"].values()
    assert subnets["subnet_ids"] == ["subnet-0a", "subnet-0b"]
    (server,) = stack["resource"]["aws_db_instance"].values()
    assert (server["vpc_security_group_ids"], server["kms_key_id"][-4:]) == (["sg-0d"], "1234")
    assert (server["storage_encrypted"], server["publicly_accessible"]) == (True, False)
    state = json.dumps(stack["terraform"]["backend"])
    assert "reports" in state and "foundation" not in state
