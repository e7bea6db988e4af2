"""`terrace report`: its files, reproducible bytes, comparison, usage errors."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from terrace.cli.main import run
from tests.assurance import sigstore_instance
from tests.conftest import ROOT

Run = Callable[..., tuple[int, str, str]]
FILES = [
    "about.csv", "evidence.csv", "index.html", "oscal/component-definition.json", "oscal/soc2.assessment-results.json",
    "report.json", "requirements.csv", "scans.csv",
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this project that no other test changes."""
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "cdktf.json", root)
    for name in ("environments", "policies", "stacks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def terrace_report(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `terrace report` in the project; returns code, stdout, stderr."""
    monkeypatch.chdir(project)
    for name in ("TERRACE_CLOUD", "TERRACE_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795700000")

    def report(*arguments: object) -> tuple[int, str, str]:
        code = run(["report", *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return report


def content(directory: Path) -> dict[str, bytes]:
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


def test_two_reports_of_the_same_inputs_have_the_same_bytes(terrace_report: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    code, out, err = terrace_report("--framework", "soc2", "--env", "dev", "--out", old)
    assert (code, err) == (0, ""), out + err
    assert out.startswith("framework  stack    ") and "SOC 2      dev/aws" in out
    assert "not an attestation" in out and str(old / "index.html") in out
    assert terrace_report("--framework", "soc2", "--env", "dev", "--out", new)[0] == 0
    assert list(content(old)) == FILES
    assert content(old) == content(new)

    assert terrace_report("--diff", old, new) == (0, "0 worse, 0 better, 0 other\n", "")

    document = json.loads((new / "report.json").read_text())
    assert document["created"] == "2026-11-26T13:33:20+00:00"
    assert {"stack", "environments/dev.yaml", "policies/waivers.yaml"} <= document["stacks"]["dev/aws"]["inputs"].keys()
    assert {"policies/frameworks/soc2.yaml", "policies/guarantees/database.yaml"} <= document["inputs"].keys()
    document["guarantees"]["DB-2"]["stacks"]["dev/aws"]["status"] = "broken"
    (new / "report.json").write_text(json.dumps(document))
    code, out, _ = terrace_report("--diff", old, new / "report.json")
    assert (code, out) == (
        1, "worse:\n  dev/aws  guarantee DB-2: holds -> broken\n\n1 worse, 0 better, 0 other\n",
    )  # fmt: skip
    code, out, _ = terrace_report("--diff", new, old, "--json")
    assert code == 0 and json.loads(out)["better"][0]["subject"] == "guarantee DB-2"


def test_broken_live_evidence_fails_the_report(terrace_report: Run, tmp_path: Path) -> None:
    row = {"guarantee": "DB-2", "status": "broken", "evidence": "server: tls = off", "reason": "tls is off"}
    live = tmp_path / "live.json"
    live.write_text(json.dumps({"environment": "dev", "cloud": "aws", "guarantees": [row]}))
    code, out, _ = terrace_report("--framework", "soc2", "--env", "dev", "--out", tmp_path / "out", "--live", live)
    assert code == 1
    assert "Broken: DB-2 on dev/aws: live: tls is off" in out
    assert "Live evidence of dev/aws was merged in" in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--env and --out are required"),
        (["--env", "dev"], "terrace report --env prod --out DIR"),
        (["--env", "dev", "--out", "x", "--framework", "soc3"], "there is no framework 'soc3'"),
        (["--env", "dev", "--out", "x", "--framework", "soc3"], "Did you mean 'soc2'?"),
        (["--env", "nowhere", "--out", "x"], "nowhere"),
        (["--env", "dev", "--out", "x", "--cloud", "ibm"], "'ibm' is not one of"),
        (["--env", "dev", "--out", "x", "--plan", "no/plan"], "does not exist"),
        (
            ["--env", "dev", "--env", "prod", "--out", "x", "--plan", __file__],
            "--plan requires exactly one environment",
        ),
        (
            ["--env", "dev", "--cloud", "all", "--out", "x", "--plan", __file__],
            "--plan requires exactly one environment",
        ),
        (["--diff", "a"], "requires 2 arguments"),
        (["--diff", "a", "b", "--env", "dev"], "--diff cannot be combined with other options"),
        (["--diff", "no/a", "no/b"], "cannot be read"),
    ],
)
def test_usage_errors(terrace_report: Run, arguments: list[str], message: str) -> None:
    code, out, err = terrace_report(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_an_unreadable_plan_is_unproven(terrace_report: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    code, out, _ = terrace_report("--framework", "soc2", "--env", "dev", "--out", tmp_path / "out", "--plan", plan)
    assert code == 1
    assert "Gate: gate.unreadable-plan on dev/aws" in out
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    assert document["stacks"]["dev/aws"]["source"] == "plan" and "plan" in document["stacks"]["dev/aws"]["inputs"]
    assert any("A plan of dev/aws was checked" in sentence for sentence in document["limits"])
    # The plan is the foundation's; guarantees of the workloads stack (WL) have other evidence.
    of_plan = [one for id, one in document["guarantees"].items() if not id.startswith("WL-")]
    assert {one["stacks"]["dev/aws"]["status"] for one in of_plan} <= {"unproven", "broken"}


def test_live_evidence_of_another_stack_is_refused(terrace_report: Run, tmp_path: Path) -> None:
    live = tmp_path / "live.json"
    live.write_text(json.dumps({"environment": "prod", "cloud": "aws", "guarantees": []}))
    code, _, err = terrace_report("--env", "dev", "--out", tmp_path / "out", "--live", live)
    assert code == 2
    assert "prod on aws is not part of this report" in err and str(live) in err
    assert "the report covers dev on aws" in err
    assert not (tmp_path / "out").exists()
    code, _, err = terrace_report(
        "--env", "prod", "--out", tmp_path / "out", "--live", live, "--live", live.rename(tmp_path / "b")
    )
    assert code == 2 and "cannot be read" in err


def test_an_invalid_source_date_epoch_is_a_usage_error(
    terrace_report: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    code, _, err = terrace_report("--env", "dev", "--out", tmp_path / "out")
    assert code == 2 and "invalid SOURCE_DATE_EPOCH 'yesterday'" in err


def test_a_ci_job_signs_by_its_identity_and_without_one_with_the_key(
    terrace_report: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sigstore", reason="the sigstore extra is not installed")
    out, key = tmp_path / "out", tmp_path / "key.pem"
    options = ["--framework", "soc2", "--env", "dev", "--out", out, "--sigstore"]
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    private = Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = tmp_path / "key.pub"
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    with sigstore_instance.running(tmp_path) as trust:
        identity = ["--identity", sigstore_instance.WORKFLOW, "--issuer", f"{sigstore_instance.address(trust)}/github"]
        code, _, err = terrace_report(*options, "--sign", key, "--trust-config", trust)
        assert (code, err) == (
            0,
            "no identity to sign with: this is not a CI job that offers one; signed with the key\n",
        )
        assert terrace_report("verify", out, "--key", public)[0] == 0
        assert "no SHA256SUMS.sigstore.json" in terrace_report("verify", out, *identity, "--trust-config", trust)[2]

        for name, value in sigstore_instance.github_job(trust, "main").items():
            monkeypatch.setenv(name, value)
        code, _, err = terrace_report(*options, "--sign", key, "--trust-config", trust)
        assert (code, err.split(" of ")[0]) == (0, f"signed by {sigstore_instance.WORKFLOW}")
    # The instance has ended: its trust configuration is enough.
    assert terrace_report("verify", out, *identity, "--trust-config", trust)[0] == 0
    assert "no SHA256SUMS.sig" in terrace_report("verify", out, "--key", public)[2]
