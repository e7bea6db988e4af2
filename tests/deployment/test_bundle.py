"""Bundles, with real Terraform on resources that need no cloud: stored once, and applied only as they were reviewed."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from terrace.assurance.gate_verdict import AccessChange, GateRefuses
from terrace.deployment import bundle as bundles
from terrace.deployment import bundle_apply, lifecycle, sealed
from terrace.deployment.bundle import BundleRefused
from terrace.deployment.deployment import Deployment
from terrace.deployment.key_file import KeyFile
from terrace.deployment.plans import SavedPlan
from terrace.errors import UsageError
from terrace.project.revision import head
from terrace.state.local import LocalHome
from tests.deployment.conftest import SmallProject, resource
from tests.deployment.test_gate import FAILED, PASSED, gate_of
from tests.deployment.test_lifecycle import two

Yes = Callable[[object], bool]


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    if not (root / ".git").exists():
        git(root, "init", "-q")
        (root / ".gitignore").write_text(".terrace/\ncdktf.out/\n__pycache__/\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "change")


class Shelf:
    """A project in git with a state home and a key, and what a pipeline does with them."""

    def __init__(self, small: SmallProject) -> None:
        self.small = small
        self.home = LocalHome(small.root / ".terrace" / "state")
        self.keys = KeyFile(small.root / ".terrace" / "bundle.key")

    def deployment(self, **more: Any) -> Deployment:
        return self.small.deployment(**{"gate": gate_of(PASSED), **more})

    def plan(self, **more: Any) -> str:
        """Commit, plan, and store the bundle; return its hash."""
        commit(self.small.root)
        deployment = self.deployment(**more)
        saved = lifecycle.plan(deployment)
        return bundles.store(deployment, deployment.terraform(), saved, head(self.small.root), self.home, self.keys)

    def apply(self, wanted: str = "", *, break_glass: str = "", **more: Any) -> SavedPlan | None:
        deployment = self.deployment(**more)
        found = bundles.find(deployment, head(self.small.root), wanted, self.home, self.keys)
        return bundle_apply.apply(deployment, found, self.home, confirm=lambda saved: True, break_glass=break_glass)

    def file(self, sha256: str) -> Path:
        (path,) = self.home.folder.rglob(f"{sha256}.bundle")
        return path

    def forge(self, sha256: str, modify: Callable[[dict[str, bytes]], None]) -> str:
        """Seal other content with the right key, as a forger could who may plan; return the hash."""
        content = self.file(sha256).read_bytes()
        members = bundles._unpacked(sealed.unseal(content, self.keys))
        modify(members)
        forged = sealed.seal(bundles._packed(members), sealed.header(content), self.keys)
        name = hashlib.sha256(forged).hexdigest()
        self.file(sha256).with_name(f"{name}.bundle").write_bytes(forged)
        return name

    @property
    def inputs(self) -> list[Any]:
        """The values of the resources in the state; empty before the first apply."""
        state = self.home.read("dev/aws/foundation.tfstate")
        resources = json.loads(state.content)["resources"] if state else []
        return sorted(r["instances"][0]["attributes"]["input"]["value"] for r in resources)


@pytest.fixture
def shelf(small: SmallProject) -> Shelf:
    small.stack(two())
    return Shelf(small)


def test_a_bundle_is_applied_from_another_checkout_without_the_saved_plan(shelf: Shelf) -> None:
    sha256 = shelf.plan()
    tree = head(shelf.small.root).tree
    assert shelf.home.names("dev/aws/foundation/plans/") == [f"dev/aws/foundation/plans/{tree}/{sha256}.bundle"]
    assert hashlib.sha256(shelf.file(sha256).read_bytes()).hexdigest() == sha256
    for path in (shelf.small.root / ".terrace" / "plans").iterdir():
        path.unlink()
    commit(shelf.small.root)  # as a merge: another commit with the same tree
    applied = shelf.apply(sha256[:12])
    assert applied is not None and applied.summary.count("add") == 2
    assert shelf.inputs == ["a", "b"]
    assert not list((shelf.small.root / ".terrace" / "plans").iterdir())


def test_a_bundle_is_encrypted_and_its_key_is_the_owners(shelf: Shelf) -> None:
    shelf.small.stack(two(first="swordfish-4711"))
    sealed_file = shelf.file(shelf.plan()).read_bytes()
    assert b"swordfish" not in sealed_file and b"terraform_data" not in sealed_file
    assert sealed.header(sealed_file)["tree"] == head(shelf.small.root).tree
    assert shelf.keys.path.stat().st_mode & 0o077 == 0
    other = KeyFile(shelf.small.root / ".terrace" / "other.key")
    other.new({})
    with pytest.raises(sealed.NotSealed, match=r"the key file:other.key does not open it"):
        sealed.unseal(sealed_file, other)


def test_a_bundle_of_no_change_applies_nothing(shelf: Shelf) -> None:
    shelf.plan()
    shelf.apply()
    sha256 = shelf.plan()
    assert shelf.apply(sha256) is None


def test_an_applied_bundle_can_be_applied_again(shelf: Shelf) -> None:
    """As by a pipeline that is run again."""
    sha256 = shelf.plan()
    shelf.apply(sha256)
    assert shelf.apply(sha256) is None
    assert "2 changes of the bundle made already" in shelf.small.messages


def test_an_apply_that_failed_halfway_is_continued(shelf: Shelf, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    check = {"local-exec": {"command": f"test -e {ready}"}}
    shelf.small.stack(
        {
            "terraform_data": {
                "one": resource("dev/lake/one", input="a"),
                "two": resource("dev/lake/two", input="${terraform_data.one.id}", depends_on=["terraform_data.three"]),
                "three": resource("dev/lake/three", input="c", provisioner=[check]),
            }
        }
    )
    sha256 = shelf.plan()
    with pytest.raises(Exception, match="local-exec"):
        shelf.apply(sha256)
    # a half-made resource would be replaced: that was not reviewed
    with pytest.raises(BundleRefused, match=r"terraform_data\.three: reviewed add, now replace"):
        shelf.apply(sha256)
    ready.touch()
    shelf.deployment().terraform().untaint("terraform_data.three")
    applied = shelf.apply(sha256)
    assert applied is not None and [change.address for change in applied.summary.changes] == ["terraform_data.two"]


def damaged(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("modify", [damaged, lambda content: content[:-100], lambda content: b""])
def test_a_tampered_or_truncated_bundle_is_refused(shelf: Shelf, modify: Callable[[bytes], bytes]) -> None:
    sha256 = shelf.plan()
    path = shelf.file(sha256)
    path.write_bytes(modify(path.read_bytes()))
    with pytest.raises(BundleRefused, match=f"bundle {sha256[:12]} was changed: its content has the hash") as caught:
        shelf.apply(sha256)
    assert caught.value.exit_code == 1
    assert shelf.inputs == []


@pytest.mark.parametrize("modify", [damaged, lambda content: content[:-100], lambda content: b"terrace-sealed-1\n{"])
def test_a_tampered_bundle_with_the_hash_of_its_content_is_refused(
    shelf: Shelf, modify: Callable[[bytes], bytes]
) -> None:
    path = shelf.file(shelf.plan())
    content = modify(path.read_bytes())
    name = hashlib.sha256(content).hexdigest()
    path.with_name(f"{name}.bundle").write_bytes(content)
    with pytest.raises(BundleRefused, match=r"cannot be opened: its (content was changed|header is not readable)"):
        shelf.apply(name)


def test_a_changed_header_is_refused(shelf: Shelf) -> None:
    """The header is readable, and authenticated with the content."""
    path = shelf.file(shelf.plan())
    content = path.read_bytes().replace(b'"environment": "dev"', b'"environment": "prd"')
    with pytest.raises(sealed.NotSealed):
        sealed.unseal(content, shelf.keys)


def edited(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def modify(members: dict[str, bytes]) -> None:
        members["record.json"] = json.dumps({**json.loads(members["record.json"]), **changes}).encode()

    return modify


def test_a_forged_record_of_the_gate_is_refused(shelf: Shelf) -> None:
    sha256 = shelf.plan(gate=gate_of(FAILED))
    forged = shelf.forge(sha256, edited(gate=PASSED.as_data()))
    with pytest.raises(BundleRefused, match="the gate's verdict has changed") as caught:
        shelf.apply(forged, gate=gate_of(FAILED))
    assert "new: DB-1 database/server: public" in caught.value.message
    assert shelf.inputs == []


@pytest.mark.parametrize("changes", [{"changes": []}, {"outputs": 3}])
def test_a_forged_record_of_the_changes_is_refused(shelf: Shelf, changes: dict[str, Any]) -> None:
    forged = shelf.forge(shelf.plan(), edited(**changes))
    with pytest.raises(BundleRefused, match="the changes in its record are not those of its plan"):
        shelf.apply(forged)
    assert shelf.inputs == []


def test_a_record_of_another_plan_is_refused(shelf: Shelf) -> None:
    forged = shelf.forge(shelf.plan(), edited(plan_sha256="0" * 64))
    with pytest.raises(BundleRefused, match="its record is not that of the plan in it"):
        shelf.apply(forged)


def test_a_bundle_with_another_stack_is_refused(shelf: Shelf) -> None:
    def modify(members: dict[str, bytes]) -> None:
        stack = json.loads(members["cdk.tf.json"])
        stack["resource"]["terraform_data"]["one"]["input"] = "forged"
        members["cdk.tf.json"] = json.dumps(stack).encode()

    forged = shelf.forge(shelf.plan(), modify)
    with pytest.raises(BundleRefused, match=r"the stack has changed:\n  resource.terraform_data\.one.input"):
        shelf.apply(forged)


def test_a_wrong_hash_is_refused(shelf: Shelf) -> None:
    shelf.plan()
    with pytest.raises(BundleRefused, match=f"no bundle {'0' * 64} for dev on aws and the tree of HEAD"):
        shelf.apply("0" * 64)
    with pytest.raises(UsageError, match="invalid bundle hash 'newset'"):
        shelf.apply("newset")


def test_the_bundle_of_another_commit_is_refused(shelf: Shelf) -> None:
    sha256 = shelf.plan()
    shelf.small.stack(two("other"))
    commit(shelf.small.root)
    with pytest.raises(BundleRefused, match=f"bundle {sha256} is of another commit: its tree is"):
        shelf.apply(sha256)
    with pytest.raises(BundleRefused, match="no bundle for dev on aws and the tree of HEAD"):
        shelf.apply()
    # also if it is moved to the folder of this commit
    folder = shelf.home.folder / bundles.prefix(shelf.deployment()) / head(shelf.small.root).tree
    folder.mkdir()
    shelf.file(sha256).rename(folder / f"{sha256}.bundle")
    with pytest.raises(BundleRefused, match="is of another deployment or commit: its tree is"):
        shelf.apply(sha256)
    assert shelf.inputs == []


def test_files_that_differ_from_the_commit_are_refused(shelf: Shelf) -> None:
    commit(shelf.small.root)
    (shelf.small.root / "environments" / "more.yaml").write_text("{}\n")
    with pytest.raises(UsageError, match=r"files differ from HEAD: environments/more.yaml"):
        bundles.require_committed(head(shelf.small.root))


def test_an_input_that_changed_after_the_checkout_is_refused(shelf: Shelf) -> None:
    sha256 = shelf.plan()
    (shelf.small.root / "policies").mkdir()
    (shelf.small.root / "policies" / "waivers.yaml").write_text("waivers: []\n")
    with pytest.raises(BundleRefused, match=r"an input has changed: .* a policy"):
        shelf.apply(sha256)


def test_a_stack_that_is_synthesized_differently_is_refused(shelf: Shelf) -> None:
    sha256 = shelf.plan()
    shelf.small.stack(two(second="c"))  # stack.json is no input, as a value from outside the project
    with pytest.raises(BundleRefused, match=r"the stack has changed:\n  resource.terraform_data\.two.input"):
        shelf.apply(sha256)


def test_a_change_made_in_between_is_refused_by_address_and_attribute(shelf: Shelf) -> None:
    shelf.plan()
    shelf.apply()
    shelf.small.stack(two("new"))
    sha256 = shelf.plan()
    state = shelf.home.folder / "dev-aws-foundation.tfstate"
    state.write_text(state.read_text().replace('"value": "a"', '"value": "by-hand"'))
    with pytest.raises(BundleRefused) as caught:
        shelf.apply(sha256)
    assert 'terraform_data.one: input: reviewed "a" -> "new", now "by-hand" -> "new"' in caught.value.message
    assert caught.value.exit_code == 1
    assert shelf.inputs == ["b", "by-hand"]


def test_a_resource_that_disappeared_in_between_is_refused(shelf: Shelf) -> None:
    shelf.plan()
    shelf.apply()
    shelf.small.stack(two("new"))
    sha256 = shelf.plan()
    shelf.deployment().terraform().remove_from_state(["terraform_data.two"])
    with pytest.raises(BundleRefused, match=r"terraform_data\.two: reviewed no change, now add"):
        shelf.apply(sha256)


def test_a_changed_gate_is_refused(shelf: Shelf) -> None:
    """The same plan, but a waiver has ended or the gate has a new check."""
    sha256 = shelf.plan()
    opened = AccessChange("add", "path", "internet", "tcp 5432", "database")
    for verdict in (FAILED, replace(PASSED, waived=1), replace(PASSED, access=(opened,))):
        with pytest.raises(BundleRefused, match="the gate's verdict has changed:\n  reviewed: the gate passes"):
            shelf.apply(sha256, gate=gate_of(verdict))
    assert shelf.inputs == []


def test_a_refused_bundle_needs_a_reason(shelf: Shelf) -> None:
    sha256 = shelf.plan(gate=gate_of(FAILED))
    with pytest.raises(GateRefuses):
        shelf.apply(sha256, gate=gate_of(FAILED))
    assert shelf.apply(sha256, gate=gate_of(FAILED), break_glass="the database is down") is not None


def test_the_newest_of_several_bundles_is_taken(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shelf.plan(gate=gate_of(FAILED))
    forged = sealed.header(shelf.file(first).read_bytes())["created"]
    while datetime.now(UTC).isoformat(timespec="seconds") == forged:
        pass
    second = shelf.plan()
    assert first != second
    assert shelf.apply() is not None
    assert f"2 bundles are of this tree; taking the newest, {second}" in shelf.small.messages


def test_an_apply_removes_old_bundles_but_not_its_own(shelf: Shelf) -> None:
    old = shelf.plan()
    long_ago = (datetime.now(UTC) - bundles.RETENTION - timedelta(days=1)).timestamp()
    os.utime(shelf.file(old), (long_ago, long_ago))
    shelf.small.stack(two("new"))
    recent = shelf.plan()
    shelf.small.stack(two("newer"))
    own = shelf.plan()
    os.utime(shelf.file(own), (long_ago, long_ago))
    shelf.apply(own)
    left = {name.rpartition("/")[2].removesuffix(".bundle") for name in shelf.home.names("dev/")}
    assert left & {old, recent, own} == {recent, own}
    assert "removed 1 bundle older than 30 days" in shelf.small.messages


def test_a_project_without_git_is_a_usage_error(small: SmallProject) -> None:
    with pytest.raises(UsageError, match="the project has no commit") as caught:
        head(small.root)
    assert caught.value.exit_code == 2
