"""An emulated cloud for the length of a block."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from terrace.emulator import Emulator, account_of, start
from terrace.environment import load, target
from tests.conftest import ROOT


@contextmanager
def emulated(cloud: str, directory: Path) -> Iterator[Emulator]:
    """With the account and the region of dev. Its process ends with the block, and with this process at the latest."""
    account = target(load("dev", project=ROOT, cloud=cloud).environment)
    running = start(
        cloud,
        directory,
        account=account_of(cloud, account.settings),
        region=account.region,
        parent=os.getpid(),
    )
    try:
        yield running
    finally:
        running.stop()
