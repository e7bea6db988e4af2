"""Signing in with a job's token: what is written, for whom it is readable, and what the variables hold."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from terrace.capabilities.ci import Pipeline
from terrace.cli.main import run
from terrace.environment import load
from terrace.errors import TerraceError, UsageError
from terrace.pipelines import github, gitlab
from terrace.pipelines.sign_in import renewal, variables
from terrace.pipelines.token import Issuer
from tests.conftest import ROOT
from tests.pipelines.forge import ISSUER, Forge

CLAIMS = {"sub": "repo:acme/terrace:pull_request"}


def issuer(forge: Forge, **permissions: str) -> Issuer:
    token = forge.start_job(permissions or {"id-token": "write"}, CLAIMS)
    return github.issuer(
        {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.api}/identity?job=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
        }
    )


def sign_in(forge: Forge, cloud: str, directory: Path, settings: dict[str, Any], pipeline: Pipeline = "plan") -> Any:
    environment = load("staging", project=ROOT, cloud=cloud).environment
    return variables(environment, pipeline, issuer(forge), directory, settings)


def claims_in(forge: Forge, path: Path) -> Any:
    return jwt.decode(path.read_text(), KeySet.import_key_set(forge.jwks)).claims


def test_aws_reads_the_token_from_a_private_file(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of an earlier job")
    (tmp_path / "token").chmod(0o644)
    signed_in = sign_in(forge, "aws", tmp_path, {})
    assert signed_in == {
        "AWS_REGION": "eu-central-1",
        "AWS_ROLE_ARN": "arn:aws:iam::444455556666:role/dpf-staging-ci-plan",
        "AWS_ROLE_SESSION_NAME": "dpf-staging-ci-plan",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "TERRACE_JOB_TOKEN": str(tmp_path / "token.json"),
    }
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    claims = claims_in(forge, tmp_path / "token")
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "sts.amazonaws.com", CLAIMS["sub"])


def test_azure_needs_the_id_that_azure_chose(forge: Forge, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no variable TERRACE_STAGING_APPLY_CLIENT_ID"):
        sign_in(forge, "azure", tmp_path, {}, "apply")
    id = "00000000-0000-4000-8000-00000000000a"
    signed_in = sign_in(forge, "azure", tmp_path, {"TERRACE_STAGING_APPLY_CLIENT_ID": id}, "apply")
    assert (signed_in["ARM_CLIENT_ID"], signed_in["AZURE_CLIENT_ID"], signed_in["ARM_USE_OIDC"]) == (id, id, "true")
    assert claims_in(forge, Path(signed_in["AZURE_FEDERATED_TOKEN_FILE"]))["aud"] == "api://AzureADTokenExchange"


def test_google_requests_tokens_by_itself(forge: Forge, tmp_path: Path) -> None:
    path = Path(sign_in(forge, "gcp", tmp_path, {})["GOOGLE_APPLICATION_CREDENTIALS"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = json.loads(path.read_text())
    provider = "//iam.googleapis.com/projects/234567890123/locations/global/workloadIdentityPools/dpf-staging-github"
    assert content["audience"] == f"{provider}/providers/github-plan"
    assert "dpf-staging-ci-plan@acme-data-staging.iam" in content["service_account_impersonation_url"]
    assert "audience=https%3A%2F%2Fiam.googleapis.com%2Fprojects" in content["credential_source"]["url"]


def test_gitlab_gives_the_token_in_a_variable(tmp_path: Path) -> None:
    environment = load("staging", project=ROOT).environment
    given = gitlab.issuer({"TERRACE_ID_TOKEN": "a.b.c"})
    signed_in = variables(environment, "plan", given, tmp_path, {})
    assert signed_in["AWS_ROLE_ARN"].endswith("ci-plan")
    assert "TERRACE_JOB_TOKEN" not in signed_in  # it lives as long as the job
    assert (tmp_path / "token").read_text() == "a.b.c"
    google = load("staging", project=ROOT, cloud="gcp").environment
    path = variables(google, "plan", given, tmp_path, {})["GOOGLE_APPLICATION_CREDENTIALS"]
    assert json.loads(Path(path).read_text())["credential_source"] == {"file": str(tmp_path / "token")}


def test_a_job_that_may_have_no_token_gets_none(forge: Forge, tmp_path: Path) -> None:
    with pytest.raises(TerraceError, match="gave no token for audience x: status 403"):
        issuer(forge, contents="read").request("x")
    with pytest.raises(UsageError, match="not in a job that may request a token") as caught:
        github.issuer({})
    assert "id-token: write" in caught.value.hint


def test_the_command_prints_no_secret(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = issuer(forge)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", given.url)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", given.bearer)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    assert run(["--project", str(ROOT), "ci", "token", "staging", "--for", "apply"]) == 0
    out, err = capsys.readouterr()
    assert "AWS_ROLE_ARN=arn:aws:iam::444455556666:role/dpf-staging-ci-apply\n" in out
    token = (tmp_path / "terrace" / "token").read_text()
    assert token not in out + err and given.bearer not in out + err
    assert given.bearer not in repr(given) and "a.b.c" not in repr(Issuer(token="a.b.c"))


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_token_that_is_shorter_than_the_job_is_renewed(
    cloud: str, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An apply takes longer than the five minutes for which a cloud accepts GitHub's token."""
    signed_in = sign_in(forge, cloud, tmp_path, {"TERRACE_STAGING_PLAN_CLIENT_ID": "id"})
    given = issuer(forge)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", given.url)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", given.bearer)
    monkeypatch.setenv("TERRACE_JOB_TOKEN", signed_in["TERRACE_JOB_TOKEN"])
    token = tmp_path / "token"
    audience = claims_in(forge, token)["aud"]
    asked = len(forge.requests)
    assert run(["--project", str(ROOT), "validate"]) == 0
    assert len(forge.requests) == asked  # it is young
    token.write_text("old")
    os.utime(token, (0, 0))
    assert run(["--project", str(ROOT), "validate"]) == 0
    assert claims_in(forge, token)["aud"] == audience and stat.S_IMODE(token.stat().st_mode) == 0o600
    # while a command runs
    monkeypatch.setattr(renewal, "SECONDS", 0.05)
    token.write_text("old")
    renewal.start(tmp_path / "token.json")
    until = time.monotonic() + 20
    while token.read_text() == "old" and time.monotonic() < until:
        time.sleep(0.05)
    assert claims_in(forge, token)["aud"] == audience
    monkeypatch.setattr(renewal, "SECONDS", 3600)


def test_a_command_replaces_the_process_and_is_signed_in(forge: Forge, tmp_path: Path) -> None:
    """So that a cancelled job interrupts the command itself."""
    given = issuer(forge)
    surrounding = {
        **os.environ,
        "ACTIONS_ID_TOKEN_REQUEST_URL": given.url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": given.bearer,
    }
    command = [sys.executable, "-m", "terrace.cli.main", "--project", str(ROOT), "ci", "token", "staging"]
    command += ["--for", "plan", "--directory", str(tmp_path), "--", "sh", "-c", 'echo "$$ $AWS_ROLE_ARN"; exit 7']
    process = subprocess.Popen(command, env=surrounding, stdout=subprocess.PIPE, text=True)
    out, _ = process.communicate(timeout=120)
    assert out == f"{process.pid} arn:aws:iam::444455556666:role/dpf-staging-ci-plan\n"
    assert process.returncode == 7
