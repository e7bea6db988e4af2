"""The state home of `terrace bootstrap` against the three emulated clouds, as a process."""

import contextlib
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from terrace import bootstrap
from terrace.calls import Absent
from terrace.capabilities.cloud import CLOUDS
from terrace.emulator import Options, start
from terrace.environment import load, target
from tests.state import buckets
from tests.state.conftest import Clouds
from tests.state.site import Site, made


@pytest.fixture(params=CLOUDS)
def site(request: pytest.FixtureRequest, clouds: Clouds, tmp_path: Path) -> Site:
    return made(clouds[request.param], tmp_path)


def test_a_state_home_is_made_once(site: Site) -> None:
    first = site.bootstrap()
    assert 5 < first["changed"] <= len(first["changes"])  # some hold once the resource exists
    assert site.bootstrap() == {**first, "changed": 0, "changes": []}
    again = site.run("bootstrap", "--state-only", "--yes")
    assert (again.returncode, again.stdout) == (0, f"state home of dev on {site.emulator.cloud}: no changes\n")
    states = site.home()
    name = f"dev/{site.emulator.cloud}/foundation.tfstate"
    for content in (b"1", b"22"):
        states.write(name, content)
    assert [version.size for version in states.versions(name)] == [2, 1]


def test_the_plan_is_shown_and_nothing_happens_without_an_answer(site: Site) -> None:
    finished = site.run("bootstrap", "--state-only")
    assert finished.returncode == 2
    assert "exists" in finished.stderr and site.bucket in finished.stderr
    assert "hint: pass --yes" in finished.stderr
    with pytest.raises(Absent):
        site.home().names("")


def test_six_runs_at_once_make_one(site: Site) -> None:
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(lambda _: site.run("bootstrap", "--state-only", "--yes"), range(6)))
    assert [run.returncode for run in runs] == [0] * 6, [run.stderr for run in runs]
    assert site.bootstrap()["changes"] == []


@pytest.mark.parametrize("steps", [2, 5])
def test_a_run_that_ended_half_way_is_continued(site: Site, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends after some changes, as if its process were killed."""
    wanted = load("dev", project=site.root, cloud=site.emulator.cloud).environment
    done: list[bootstrap.Change] = []

    def end(change: bootstrap.Change) -> None:
        done.append(change)
        if len(done) == steps:
            raise KeyboardInterrupt

    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in site.emulator.child_environment({"PATH": "/usr/bin:/bin", "HOME": str(site.root)}).items():
        monkeypatch.setenv(name, value)
    with contextlib.suppress(KeyboardInterrupt):  # the account's key may exist already, so that few changes are left
        bootstrap.apply(wanted, target(wanted), on_change=end)
    left = bootstrap.plan(wanted, target(wanted))
    assert left and not {(one.resource, one.setting) for one in left} & {(one.resource, one.setting) for one in done}
    bootstrap.apply(wanted, target(wanted))
    assert bootstrap.plan(wanted, target(wanted)) == []


def test_a_weaker_setting_is_shown_and_fixed_and_a_stricter_one_stays(site: Site) -> None:
    site.bootstrap()
    buckets.weaken(site.emulator, site.bucket)
    changes = site.bootstrap()["changes"]
    assert {change["setting"] for change in changes} == buckets.WEAKENED[site.emulator.cloud]
    assert any(change["found"] for change in changes)
    buckets.harden(site.emulator, site.bucket)
    assert site.bootstrap()["changes"] == []


def test_a_bucket_of_another_account_is_refused(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    if site.emulator.cloud == "gcp":  # a project's own emulator: it starts with another project's bucket
        theirs = foreign_gcp(site, tmp_path_factory.mktemp("foreign"))
    else:
        buckets.create_elsewhere(site.emulator, site.bucket)
        theirs = site
    refused = theirs.run("bootstrap", "--state-only", "--yes")
    assert refused.returncode == 1, refused.stderr
    assert site.bucket in refused.stderr and "hint: " in refused.stderr
    assert re.search("another account|another subscription|another project", refused.stderr)
    assert "created" not in refused.stderr


def foreign_gcp(site: Site, folder: Path) -> Site:
    state = folder / "state"
    state.mkdir()
    bucket = {"name": site.bucket, "id": site.bucket, "location": "EUROPE-WEST3", "projectNumber": "999999999999"}
    (state / "changes.jsonl").write_text(json.dumps([f"storage/b/{site.bucket}", bucket]) + "\n")
    running = start("gcp", folder / "emulator", parent=os.getpid(), options=Options(state=state))
    google = buckets.google(running)
    for service in ("storage", "cloudkms"):
        name = f"projects/{running.account['project_id']}/services/{service}.googleapis.com"
        google.change("serviceusage", "services.enable", name=name)
    return Site(running, site.root, site.bucket)


def test_a_state_home_with_a_state_is_not_deleted(site: Site) -> None:
    site.bootstrap()
    name, states = f"dev/{site.emulator.cloud}/foundation.tfstate", site.home()
    resource = {"mode": "managed", "type": "aws_sqs_queue", "name": "q", "instances": [{}]}
    states.write(name, json.dumps({"version": 4, "serial": 1, "lineage": "l", "resources": [resource]}).encode())
    refused = site.run("bootstrap", "--state-only", "--destroy", "--yes")
    assert refused.returncode == 1 and f"still has 1 state with resources: {name}" in refused.stderr
    states.write(name, json.dumps({"version": 4, "serial": 2, "lineage": "l", "resources": []}).encode())
    deleted = site.run("bootstrap", "--state-only", "--destroy", "--yes")
    assert deleted.returncode == 0, deleted.stderr
    with pytest.raises(Absent):
        site.home().names("")
    assert site.bootstrap()["changed"] > 0
    assert site.bootstrap()["changed"] == 0
