"""One AWS emulator that the tests share."""

import os
from collections.abc import Iterator

import pytest

from terrace.emulator import Emulator, start


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start("aws", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield running
    running.stop()
