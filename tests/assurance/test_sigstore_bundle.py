"""Reports signed by an identity, through the unmodified library and a private instance in a process of its own."""

import base64
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terrace.assurance.report import sigstore_bundle
from terrace.assurance.report.signature import BUNDLE, SUMS, sums, write_sums
from terrace.cli.main import run
from terrace.errors import TerraceError, UsageError
from tests.assurance.sigstore_instance import BRANCH, PIPELINE, WORKFLOW, address, github_job, running

pytest.importorskip("sigstore", reason="the sigstore extra is not installed")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running(tmp_path_factory.mktemp("instance")) as trust:
        yield trust


@pytest.fixture(scope="module")
def another_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running(tmp_path_factory.mktemp("another")) as trust:
        yield trust


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


Job = Callable[..., None]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, instance: Path) -> Job:
    """Run as a job of GitHub."""

    def job(name: str = "main") -> None:
        for variable, value in github_job(instance, name).items():
            monkeypatch.setenv(variable, value)

    return job


@pytest.fixture
def report(tmp_path: Path) -> Path:
    directory = tmp_path / "report"
    (directory / "oscal").mkdir(parents=True)
    (directory / "index.html").write_text("<p>evidence</p>")
    (directory / "oscal" / "one.json").write_text("{}")
    return directory


def problems(report: Path, instance: Path, identity: str = WORKFLOW, issuer: str = "/github") -> list[str]:
    return sigstore_bundle.problems(report, identity=identity, issuer=address(instance) + issuer, trust_config=instance)


def test_a_job_signs_and_anyone_verifies(report: Path, instance: Path, github: Job) -> None:
    github()
    signed = sigstore_bundle.sign(report, instance)
    assert [path.name for path in signed.paths] == [SUMS, BUNDLE]
    assert (signed.subject, signed.issuer) == (WORKFLOW, f"{address(instance)}/github")
    assert problems(report, instance) == []


def test_a_pipeline_of_gitlab_signs_too(report: Path, instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = urllib.request.Request(f"{address(instance)}/?audience=sigstore", headers={"Authorization": "b gitlab"})
    with urllib.request.urlopen(request) as answer:
        token = json.load(answer)["value"]
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token)
    sigstore_bundle.sign(report, instance)
    assert problems(report, instance, PIPELINE, "/gitlab") == []


def edited_bundle(report: Path, edit: Callable[[dict[str, dict[str, list[dict[str, object]]]]], object]) -> None:
    bundle = json.loads((report / BUNDLE).read_text())
    edit(bundle)
    (report / BUNDLE).write_text(json.dumps(bundle))


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda one: (one / "index.html").write_text("<p>evidencE</p>"), "index.html was changed"),
        (lambda one: (one / "oscal" / "one.json").unlink(), "oscal/one.json is missing"),
        (lambda one: (one / "extra.csv").write_text("a"), "extra.csv was added"),
        (lambda one: (one / "oscal" / BUNDLE).write_text("a"), f"oscal/{BUNDLE} was added"),
        (lambda one: (one / SUMS).write_text(sums(one) + " "), f"{SUMS} was not signed by"),
        (lambda one: (one / BUNDLE).write_text("{}"), f"{BUNDLE} is not a Sigstore bundle"),
        (
            lambda one: edited_bundle(
                one, lambda bundle: bundle["verificationMaterial"]["tlogEntries"][0].update(integratedTime="1")
            ),
            f"{SUMS} was not signed by",
        ),
        (
            lambda one: edited_bundle(
                one, lambda bundle: bundle["verificationMaterial"]["tlogEntries"][0].update(logIndex="0")
            ),
            "invalid log entry",
        ),
    ],
)
def test_a_changed_report_or_bundle_does_not_verify(
    report: Path, instance: Path, github: Job, edit: Callable[[Path], object], problem: str
) -> None:
    github()
    sigstore_bundle.sign(report, instance)
    edit(report)
    assert any(problem in one for one in problems(report, instance))


def test_every_byte_of_the_sums_counts(report: Path, instance: Path, github: Job) -> None:
    github()
    sigstore_bundle.sign(report, instance)
    written = (report / SUMS).read_bytes()
    for index in range(0, len(written), 7):
        (report / SUMS).write_bytes(written[:index] + bytes([written[index] ^ 1]) + written[index + 1 :])
        assert problems(report, instance) != []


def test_another_identity_does_not_verify(report: Path, instance: Path, github: Job) -> None:
    github("feature")
    sigstore_bundle.sign(report, instance)
    (problem,) = problems(report, instance)
    assert "SANs do not match" in problem and BRANCH in problem


def test_the_same_identity_of_another_issuer_does_not_verify(report: Path, instance: Path, github: Job) -> None:
    github("foreign")
    sigstore_bundle.sign(report, instance)
    (problem,) = problems(report, instance)
    assert "OIDCIssuer does not match" in problem


def test_the_bundle_of_another_report_does_not_verify(
    report: Path, tmp_path: Path, instance: Path, github: Job
) -> None:
    other = tmp_path / "other"
    shutil.copytree(report, other)
    (other / "index.html").write_text("<p>another</p>")
    github()
    sigstore_bundle.sign(other, instance)
    write_sums(report)
    shutil.copy(other / BUNDLE, report)
    (problem,) = problems(report, instance)
    assert "digest mismatch" in problem


def test_a_signature_of_another_instance_does_not_verify(
    report: Path, instance: Path, another_instance: Path, github: Job
) -> None:
    github()
    sigstore_bundle.sign(report, instance)
    issuer = f"{address(instance)}/github"
    (problem,) = sigstore_bundle.problems(report, identity=WORKFLOW, issuer=issuer, trust_config=another_instance)
    assert "certificate chain" in problem


def test_an_instance_that_refuses_the_token_signs_nothing(
    report: Path, instance: Path, another_instance: Path, github: Job
) -> None:
    github()
    with pytest.raises(TerraceError, match="written but not signed") as raised:
        sigstore_bundle.sign(report, another_instance)
    assert raised.value.exit_code == 3
    assert not (report / BUNDLE).exists()


def test_without_an_identity_nothing_is_signed(report: Path, instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(sigstore_bundle.NoIdentity, match="not a CI job"):
        sigstore_bundle.sign(report, instance)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(sigstore_bundle.NoIdentity, match="ACTIONS_ID_TOKEN_REQUEST_TOKEN") as raised:
        sigstore_bundle.sign(report, instance)
    assert "id-token: write" in raised.value.hint


def test_what_is_no_trust_configuration_is_refused(report: Path, tmp_path: Path, github: Job) -> None:
    github()
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"trustedRoot": {}}')
    with pytest.raises(UsageError, match="not a Sigstore trust configuration"):
        sigstore_bundle.sign(report, wrong)


def test_the_command_verifies_an_identity(
    report: Path, instance: Path, github: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    github()
    sigstore_bundle.sign(report, instance)
    options = ["--identity", WORKFLOW, "--issuer", f"{address(instance)}/github", "--trust-config", str(instance)]
    assert run(["report", "verify", str(report), *options]) == 0
    assert capsys.readouterr().out == f"2 files as signed by {WORKFLOW}\n"
    (report / "index.html").write_text("<p>evidencE</p>")
    assert run(["report", "verify", str(report), *options]) == 1
    assert capsys.readouterr().err == "index.html was changed\n"
    assert run(["report", "verify", str(report), "--identity", WORKFLOW]) == 2
    assert run(["report", "verify", str(report)]) == 2


def test_the_log_refuses_what_is_not_signed(report: Path, instance: Path, github: Job) -> None:
    """The instance verifies, so that a signature that it accepts means something."""
    github()
    sigstore_bundle.sign(report, instance)
    entry = json.loads((report / BUNDLE).read_text())["verificationMaterial"]["tlogEntries"][0]
    proposed = json.loads(base64.b64decode(entry["canonicalizedBody"]))
    proposed["spec"]["data"]["hash"]["value"] = "0" * 64
    request = urllib.request.Request(f"{address(instance)}/api/v1/log/entries", json.dumps(proposed).encode())
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request)
