"""`python -m terrace.emulator CLOUD DIRECTORY --account JSON --region R [...]`: the server process itself.

People start it with `terrace emulator start`, which waits for it and says where it listens.
"""

import argparse
import json
from pathlib import Path

from terrace.emulator.contract import Faults, Options, clouds
from terrace.emulator.process import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m terrace.emulator")
    parser.add_argument("cloud", choices=clouds())
    parser.add_argument("directory", type=Path)
    parser.add_argument("--account", required=True, type=json.loads, help="what names it, as a JSON object")
    parser.add_argument("--region", required=True)
    parser.add_argument("--parent", type=int, help="end when this process does")
    parser.add_argument("--state", type=Path, help="keep what it holds in this folder")
    parser.add_argument("--faults", type=json.loads, default={}, help="what goes wrong on purpose, as a JSON object")
    asked = parser.parse_args()
    options = Options(state=asked.state, faults=Faults(**asked.faults))
    serve(asked.cloud, asked.directory, asked.account, asked.region, options, asked.parent)


main()
