"""What an installed wheel contains."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.conftest import ROOT


def test_the_wheel_installs_the_terrace_package_only(tmp_path: Path) -> None:
    """Top-level packages named `scripts` or `stacks` would collide with those of other projects."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"terrace", f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}
    packaged = {"terrace/py.typed", "terrace/cli/main.py", "terrace/assurance/policies/guarantees/database.yaml"}
    packaged |= {"terrace/modules/bundled/airflow/module.yaml"}
    assert packaged <= set(names)
