"""Recordings of real applies, which the tests of this folder load instead of building a deployment by hand.

`python -m tests.live.record CLOUD` makes one: the stack is applied to an emulator by Terraform and the real provider.
A recording holds the emulator's state; for AWS, whose emulator keeps none, it holds the requests to replay. It also has
a fingerprint of each synthesized resource, so that test_recordings.py notices a stack that changed since.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.cost import SleepSpec
from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.project import basis

ROOT = Path(__file__).resolve().parents[2]
RECORDED = {"aws": ("prod",), "azure": ("prod",), "gcp": ("dev", "staging", "prod")}
AWS_ACCOUNT = "123456789012"  # moto's default
# generated values of secrets: in AWS's and Google's requests and state, and in Azure's vaults
_SECRETS = re.compile(r'("SecretString":"|#payload", {"data": "|"sharedSecret": ")[^"]+|("value": ")[0-9a-f]{64}')
_TRIGGER = "replace_triggered_by"
_TEXTS = ("//", "description", "alarm_description", "documentation")
_STATEMENT_ID = re.compile(r'"Sid": ?"[^"]*",?')  # in the JSON of a policy


def environment(cloud: str, name: str = "prod") -> Environment:
    """An environment with a sleep schedule, so that in prod every guarantee is required."""
    loaded = load(name, project=ROOT, cloud=cloud).environment
    sleep = SleepSpec(down="20:00", up="07:00")
    changes: dict[str, Any] = {"cost": loaded.cost.model_copy(update={"sleep": sleep})}
    if loaded.aws:
        changes["aws"] = loaded.aws.model_copy(update={"account_id": AWS_ACCOUNT})
    return loaded.model_copy(update=changes)


@dataclass(frozen=True)
class Recording:
    """What one apply left: `state` by file name, `requests` in order (see aws/replay.py)."""

    fingerprints: Mapping[str, str]
    state: Mapping[str, str] = field(default_factory=dict)
    requests: tuple[Any, ...] = ()

    @classmethod
    def read(cls, cloud: str, environment: str) -> "Recording":
        return cls(**json.loads(gzip.decompress(path(cloud, environment).read_bytes())))

    def write(self, cloud: str, environment: str) -> Path:
        """Write it without the values of secrets."""
        content = {
            **asdict(self),
            "state": {file: redacted(text) for file, text in self.state.items()},
            "requests": [[redacted(part) if isinstance(part, str) else part for part in r] for r in self.requests],
        }
        written = path(cloud, environment)
        written.parent.mkdir(exist_ok=True)
        written.write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0))
        return written


def redacted(text: str) -> str:
    return _SECRETS.sub(lambda match: f"{match[1] or match[2]}cmVkYWN0ZWQ=", text)


def path(cloud: str, environment: str) -> Path:
    return Path(__file__).parent / cloud / "recorded" / f"{environment}.json.gz"


def fingerprints(stack: Mapping[str, Any]) -> dict[str, str]:
    """A short hash of each resource's arguments, by Terraform address, of a foundation and what it rests on. Texts for
    people may change, and what replaces a resource later."""
    hashes = {}
    for type, resources in basis.resources(stack).items():
        for name, body in resources.items():
            lifecycle = {key: value for key, value in body.get("lifecycle", {}).items() if key != _TRIGGER}
            body = {key: value for key, value in body.items() if key != "lifecycle"} | (
                {"lifecycle": lifecycle} if lifecycle else {}
            )
            content = json.dumps(_without_texts(body), sort_keys=True).encode()
            hashes[f"{type}.{name}"] = hashlib.sha256(content).hexdigest()[:12]
    return hashes


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_texts(inner) for key, inner in value.items() if key not in _TEXTS}
    if isinstance(value, list):
        return [_without_texts(inner) for inner in value]
    return _STATEMENT_ID.sub("", value) if isinstance(value, str) else value
