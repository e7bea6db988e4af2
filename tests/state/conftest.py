"""A state home of each kind: the folder, and a bucket of each emulated cloud, reached as from a shell."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.emulator import Emulator, start
from terrace.environment import load
from terrace.environment.schema import Environment
from tests.conftest import ROOT


class Clouds:
    """The emulated clouds, each started on first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[str, Emulator] = {}

    def __getitem__(self, cloud: str) -> Emulator:
        if cloud not in self._running:
            self._running[cloud] = start(cloud, self._directory / cloud, parent=os.getpid())
        return self._running[cloud]

    def stop(self) -> None:
        for emulator in self._running.values():
            emulator.stop()


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    running = Clouds(tmp_path_factory.mktemp("emulators"))
    yield running
    running.stop()


def environment(emulator: Emulator, bucket: str = "") -> Environment:
    """Prod with the emulator's account, and with remote state in `bucket`."""
    loaded = load("prod", project=ROOT, cloud=emulator.cloud).environment
    settings = getattr(loaded, emulator.cloud).model_copy(update=dict(emulator.account))
    state = loaded.state.model_copy(update={"bucket": bucket or None, "backend": "remote"})
    return loaded.model_copy(update={emulator.cloud: settings, "state": state})
