"""Refuses a breaking change of a data contract, in the pipeline of a proposal.

Usage: compare.py REF CONTRACT... REF is the state to compare with in git, such as origin/main, or a folder with earlier
contracts. A contract that readers
cannot rely on any more needs a new major version. A contract that is new is not compared. Exit codes: 0 no contract
breaks, 1 one does, 2 wrong usage.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

RED = "breaks what readers rely on"


def main(ref: str, contracts: list[str]) -> int:
    known = ["git", "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]
    if not Path(ref).is_dir() and subprocess.run(known, capture_output=True).returncode:
        print(f"git knows no {ref}: fetch it first", file=sys.stderr)
        return 2
    broken = [contract for contract in contracts if not _continues(ref, contract)]
    return 1 if broken else 0


def _continues(ref: str, contract: str) -> bool:
    """Whether readers of a contract can go on; prints what the software finds."""
    before = _before(ref, contract)
    if before is None:
        print(f"{contract}: is new")
        return True
    if not Path(contract).is_file():
        print(f"{contract}: {RED}: it was deleted")
        return False
    if _major(before) < _major(Path(contract).read_text(encoding="utf-8")):
        print(f"{contract}: has a new major version")
        return True
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "before.yaml"
        old.write_text(before, encoding="utf-8")
        program = Path(sys.executable).with_name("datacontract")
        done = subprocess.run(
            [program, "breaking", "--no-inline-references", old, contract], capture_output=True, text=True
        )
    if done.returncode == 0:
        print(f"{contract}: readers can go on")
        return True
    print(f"{contract}: {RED}. Give it a new major version, or change it otherwise.\n{done.stdout}{done.stderr}")
    return False


def _before(ref: str, contract: str) -> str | None:
    """The text of the earlier contract; None: there was none."""
    if Path(ref).is_dir():
        file = Path(ref) / contract
        return file.read_text(encoding="utf-8") if file.is_file() else None
    shown = subprocess.run(["git", "show", f"{ref}:./{contract}"], capture_output=True, text=True)
    return None if shown.returncode else shown.stdout


def _major(text: str) -> int:
    return int(str(yaml.safe_load(text)["version"]).removeprefix("v").partition(".")[0])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print("usage: compare.py REF CONTRACT...", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
