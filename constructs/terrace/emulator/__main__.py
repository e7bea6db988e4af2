"""`python -m terrace.emulator CLOUD DIRECTORY --account JSON --region R [...]`: the server process itself.

`terrace emulator start` runs it, waits until it responds and prints its addresses.
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
    parser.add_argument("--account", required=True, type=json.loads, help="the account's ids, as a JSON object")
    parser.add_argument("--region", required=True)
    parser.add_argument("--parent", type=int, help="stop when the process with this id ends")
    parser.add_argument("--state", type=Path, help="save the emulated resources in this folder")
    parser.add_argument("--issuers", type=Path, help="issuers of the tokens to sign in with, and their keys")
    parser.add_argument("--rights", action="store_true", help="evaluate the rights of each request")
    parser.add_argument("--engines", action="store_true", help="run the PostgreSQL servers on this machine")
    parser.add_argument("--postgres", type=Path, help="programs of PostgreSQL for a machine without a server")
    parser.add_argument("--faults", type=json.loads, default={}, help="faults to inject, as a JSON object")
    arguments = parser.parse_args()
    options = Options(
        state=arguments.state,
        issuers=arguments.issuers,
        rights=arguments.rights,
        engines=arguments.engines,
        postgres=arguments.postgres,
        faults=Faults(**arguments.faults),
    )
    serve(arguments.cloud, arguments.directory, arguments.account, arguments.region, options, arguments.parent)


main()
