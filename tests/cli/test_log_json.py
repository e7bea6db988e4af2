"""`--log-json`: messages and errors are JSON lines on standard error, and no planted secret is in them."""

import json
import os
import shutil
from datetime import datetime
from typing import Any

import pytest

from terrace.cli.redaction import REPLACED, redacted
from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource
from tests.deployment.test_lifecycle import two

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPlantedPlantedPlanted\n-----END EC PRIVATE KEY-----"


def lines(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        assert datetime.fromisoformat(line["time"]).tzinfo
        assert line["level"] in ("info", "warning", "error") and line["message"]
    return found


def test_each_message_is_a_json_line_and_data_stays_on_standard_output(terrace: Command) -> None:
    terrace.small.stack(two())
    planned = terrace.run("--log-json", "plan", "dev", "--json")
    assert planned.returncode == 1 and json.loads(planned.stdout)["counts"]["add"] == 2
    assert lines(planned.stderr)
    applied = terrace.run("--log-json", "apply", "dev", "--yes", *GLASS)
    assert (applied.returncode, applied.stdout) == (0, "dev on aws: 2 added\n")
    assert any("created terraform_data." in line["message"] for line in lines(applied.stderr))
    quiet = terrace.run("--log-json", "--quiet", "plan", "dev")
    assert (quiet.returncode, quiet.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [("apply", "dev", "--yes"), ("no-such-command",), ("plan",), ("plan", "absent")])
def test_an_error_is_one_line_with_its_parts(terrace: Command, arguments: tuple[str, ...]) -> None:
    failed = terrace.run("--log-json", *arguments)
    assert failed.returncode == 2
    (line,) = lines(failed.stderr)
    assert line["level"] == "error" and line["hint"]
    assert set(line) <= {"time", "level", "message", "where", "hint"}


@pytest.mark.parametrize("options", [("--log-json",), ()])
def test_no_planted_secret_is_printed(terrace: Command, options: tuple[str, ...]) -> None:
    """Terraform's error contains what the program printed: secrets of variables, in a file, and generated ones."""
    planted = {
        "AWS_SECRET_ACCESS_KEY": "planted/secret+access/key0000000000000000",
        "AWS_SESSION_TOKEN": "planted-session-token==",
        "ARM_CLIENT_SECRET": "planted~client.secret",
        "TF_VAR_database_password": "planted;database&password",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": JWT,
        "GOOGLE_CREDENTIALS": json.dumps({"type": "service_account", "private_key": PEM}),
    }
    shapes = {
        "github": "ghs_PlantedPlantedPlantedPlanted0000", "gitlab": "glpat-PlantedPlantedPlanted", "jwt": JWT,
        "bearer": "PlantedOpaque.Token", "url": "planted-url-password", "sas": "Planted%2BSignature%2Fof0123456789%3D",
        "assigned": "planted-assigned", "json": "planted-in-json", "pem": "MHcCAQEEIPlantedPlantedPlanted",
    }  # fmt: skip
    text = (
        f"{shapes['github']} {shapes['gitlab']} {shapes['jwt']} Authorization: Bearer {shapes['bearer']} "
        f"postgres://admin:{shapes['url']}@db:5432/x https://a.blob.example/c?sv=1&sig={shapes['sas']} "
        f'password={shapes["assigned"]} {{"client_secret": "{shapes["json"]}"}}\n{PEM}\n'
    )
    (terrace.small.root / "printed").write_text(text)
    printed = " ".join(f'"${name}"' for name in planted)
    command = f'cat {terrace.small.root / "printed"}; for value in {printed}; do echo "$value"; done; exit 3'
    broken = resource("dev/database/broken", provisioner=[{"local-exec": {"command": command}}])
    terrace.small.stack({"terraform_data": {"broken": broken}})
    terrace.run("plan", "dev")
    failed = terrace.run(*options, "apply", "dev", "--yes", *GLASS, **planted)
    assert failed.returncode == 3, failed.stderr
    everything = failed.stdout + failed.stderr
    assert everything.count(REPLACED) >= 10, everything  # the program's output is in the error
    for secret in (*planted.values(), *shapes.values(), PEM.splitlines()[1]):
        assert secret not in everything and json.dumps(secret)[1:-1] not in everything, secret
    if options:
        assert lines(failed.stderr)[-1]["level"] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "run `terrace plan dev` first", "at environments/dev.yaml:12:3", "[3/9] created aws_kms_key.keys (12 s)",
        "a token of the cluster; secret manager; password: (sensitive)", "sha256 " + "0123456789abcdef" * 4,
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:acme/dev/database-AbCdEf",
        "https://github.com/example/platform/actions/runs/7",
    ],
)  # fmt: skip
def test_other_text_stays(text: str) -> None:
    assert redacted(text, {"CI": "true", "SECRET_FLAG": "1", "AWS_WEB_IDENTITY_TOKEN_FILE": "dev"}) == text


def test_the_path_of_a_secret_is_no_secret() -> None:
    path = shutil.which("python3") or "/"
    assert redacted(f"at {path}", {"GOOGLE_APPLICATION_CREDENTIALS": path}) == f"at {path}"
    assert redacted("at 0123456789", dict(os.environ) | {"MY_TOKEN": "0123456789"}) == f"at {REPLACED}"
