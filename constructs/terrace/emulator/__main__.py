"""`python -m terrace.emulator CLOUD DIRECTORY --account ID --region R [--parent PID]`: the server process itself.

People start it with `terrace emulator start`, which waits for it and says where it listens.
"""

import argparse
from pathlib import Path

from terrace.emulator.contract import clouds
from terrace.emulator.process import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m terrace.emulator")
    parser.add_argument("cloud", choices=clouds())
    parser.add_argument("directory", type=Path)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--parent", type=int, help="end when this process does")
    options = parser.parse_args()
    serve(options.cloud, options.directory, options.account, options.region, options.parent)


main()
