"""prowler on an emulated AWS."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from terrace.emulator import Emulator
from tests.scanners.accepted import Finding

# the services of prowler whose resources the foundation has
SERVICES = (
    "accessanalyzer",
    "acm",
    "backup",
    "cloudtrail",
    "cloudwatch",
    "config",
    "ec2",
    "ecr",
    "eks",
    "elasticache",
    "elbv2",
    "eventbridge",
    "guardduty",
    "iam",
    "inspector2",
    "kms",
    "macie",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "securityhub",
    "sns",
    "vpc",
    "wafv2",
)


def scan(prowler: Path, emulator: Emulator, environment: str, regions: Sequence[str], directory: Path) -> list[Finding]:
    """The failed checks. Its files are in `directory`; HOME is there too, so no profile of the user is read."""
    directory.mkdir(parents=True, exist_ok=True)
    options = ["--no-banner", "--no-color", "--ignore-exit-code-3", "--log-file", str(directory / "log")]
    output = ["--output-formats", "json-ocsf", "--output-directory", str(directory), "--output-filename", environment]
    subprocess.run(
        [prowler, "aws", *options, *output, "--region", *regions, "--service", *SERVICES],
        cwd=directory,
        env={**emulator.child_environment(os.environ), "HOME": str(directory)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    results = json.loads((directory / f"{environment}.ocsf.json").read_text())
    return sorted({_finding(result, environment) for result in results if result["status_code"] == "FAIL"})


def _finding(result: dict[str, Any], environment: str) -> Finding:
    return Finding(result["metadata"]["event_code"], result["resources"][0]["uid"], environment)
