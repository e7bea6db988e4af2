"""What every state home does, whether it is a folder or a bucket of a cloud."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from terrace.calls import Absent
from terrace.capabilities.cloud import CLOUDS
from terrace.project.discovery import Project
from terrace.state import Conflict, StateHome, home
from tests.state import buckets
from tests.state.conftest import Clouds, environment

RACERS = 6


@pytest.fixture(params=["local", *CLOUDS])
def state_home(request: pytest.FixtureRequest, clouds: Clouds, tmp_path: Path) -> StateHome:
    """An empty home."""
    if request.param == "local":
        return home(environment(clouds["aws"]), project=Project(tmp_path), state="local")
    emulator = clouds[request.param]
    bucket = f"state{uuid.uuid4().hex[:12]}"
    buckets.create(emulator, bucket)
    return home(environment(emulator, bucket), project=Project(tmp_path), variables=emulator.child_environment({}))


def raced(write: Callable[[int], str]) -> int:
    """How many of several writers at once were not refused."""

    def attempt(number: int) -> bool:
        try:
            write(number)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        return sum(pool.map(attempt, range(RACERS)))


def test_an_object_is_written_read_listed_and_deleted(state_home: StateHome) -> None:
    name = "dev/aws/foundation/run.json"
    assert state_home.read(name) is None and state_home.names("dev/") == []
    tag = state_home.write(name, b"one")
    stored = state_home.read(name)
    assert stored and (stored.content, stored.tag) == (b"one", tag)
    assert state_home.write(name, b"two", after=tag) != tag
    state_home.write("dev/aws/evidence.jsonl", b"{}\n")
    state_home.write("dev-2/aws/evidence.jsonl", b"{}\n")
    assert state_home.names("dev/") == ["dev/aws/evidence.jsonl", name]
    state_home.delete(name)
    state_home.delete(name)
    assert state_home.read(name) is None and state_home.names("dev/aws/foundation/") == []


def test_a_write_is_refused_when_the_object_changed(state_home: StateHome) -> None:
    name = "dev/aws/evidence.jsonl"
    with pytest.raises(Conflict):
        state_home.write(name, b"x", after=state_home.write("dev/other", b"x"))
    tag = state_home.write(name, b"one", new=True)
    with pytest.raises(Conflict, match="exists already"):
        state_home.write(name, b"two", new=True)
    state_home.write(name, b"two", after=tag)
    with pytest.raises(Conflict, match="another process has changed"):
        state_home.write(name, b"three", after=tag)
    stored = state_home.read(name)
    assert stored and stored.content == b"two"


def test_of_several_writers_at_once_one_succeeds(state_home: StateHome) -> None:
    tag = state_home.write("dev/aws/evidence.jsonl", b"start")
    assert raced(lambda number: state_home.write(f"dev/plans/{number // RACERS}", f"{number}".encode(), new=True)) == 1
    assert raced(lambda number: state_home.write("dev/aws/evidence.jsonl", f"{number}".encode(), after=tag)) == 1


def test_appends_of_several_writers_lose_nothing(state_home: StateHome) -> None:
    name = "dev/aws/evidence.jsonl"
    state_home.write(name, b"")

    def append(number: int) -> None:
        while True:
            stored = state_home.read(name)
            assert stored
            try:
                state_home.write(name, stored.content + f"{number}\n".encode(), after=stored.tag)
                return
            except Conflict:
                continue

    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(append, range(RACERS)))
    stored = state_home.read(name)
    assert stored and sorted(stored.content.split()) == [str(number).encode() for number in range(RACERS)]


def test_a_state_has_the_same_name_in_every_home(state_home: StateHome) -> None:
    name = "dev-2/aws/foundation.tfstate"
    state_home.write(name, b"{}")
    assert state_home.names("dev-2/") == [name]
    assert state_home.lock(name) is None


@pytest.mark.parametrize("cloud", CLOUDS)
def test_old_versions_can_be_read(clouds: Clouds, cloud: str, tmp_path: Path) -> None:
    emulator, bucket = clouds[cloud], f"state{uuid.uuid4().hex[:12]}"
    buckets.create(emulator, bucket)
    kept = home(environment(emulator, bucket), project=Project(tmp_path), variables=emulator.child_environment({}))
    name = "dev/aws/foundation.tfstate"
    for content in (b"1", b"22", b"333"):
        kept.write(name, content)
    kept.write(f"{name}-other", b"")
    versions = kept.versions(name)
    assert [version.size for version in versions] == [3, 2, 1]
    assert [getattr(kept.read(name, version=version.id), "content", None) for version in versions] == [
        b"333", b"22", b"1"
    ]  # fmt: skip
    assert kept.read(name, version="no-such-version") is None
    kept.delete(name)
    assert [version.size for version in kept.versions(name)] == [3, 2, 1]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_home_that_does_not_exist_is_reported(clouds: Clouds, cloud: str, tmp_path: Path) -> None:
    emulator = clouds[cloud]
    missing = environment(emulator, "nothing" + uuid.uuid4().hex[:8])
    kept = home(missing, project=Project(tmp_path), variables=emulator.child_environment({}))
    with pytest.raises(Absent):
        kept.read("dev/aws/foundation.tfstate")
    with pytest.raises(Absent):
        kept.write("dev/aws/foundation.tfstate", b"", new=True)
    with pytest.raises(Absent):
        kept.names("")
