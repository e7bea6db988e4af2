"""Refuses a contract on which readers of silver cannot rely any more. Usage: contract.py PROGRAM, which compares two.

The earlier contract is the one by which the published rows of `orders` were judged. Exit code 1: it is broken.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import wiring


def main(program: str) -> int:
    earlier = wiring.said(wiring.table("spark", "silver", "orders")).get("contract")
    with tempfile.TemporaryDirectory(prefix="contract-") as name:
        folder, file = Path(name), f"{wiring.PRODUCT}.yaml"  # JSON is YAML
        (folder / "earlier").mkdir()
        if earlier:
            (folder / "earlier" / file).write_text(earlier, encoding="utf-8")
        (folder / file).write_text(json.dumps(wiring.CONTRACT), encoding="utf-8")
        return subprocess.run([sys.executable, program, "earlier", file], cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
