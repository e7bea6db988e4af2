"""The bootstrap of an environment, which a person applies, as its foundation sees it: whether the last one was of the
present stack, and what the foundation of an earlier version still has in its state of it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from terrace.calls import Absent
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import Terraform
from terrace.errors import TerraceError
from terrace.project import basis
from terrace.state import StateHome, state_name, states


def record(deployment: Deployment, home: StateHome) -> None:
    """Note beside the state of a bootstrap which stack it is of. The deployment has just been applied."""
    document = _stack(deployment)
    home.write(_note(deployment), _digest(document["resource"]).encode())


def is_outdated(foundation: Deployment, home: StateHome) -> bool:
    """Whether the bootstrap was last applied from other resources than the foundation's present stack rests on.

    False where this is not known: no bootstrap was applied, or a version without the note applied it.
    """
    document = _stack(foundation)
    try:
        noted = home.read(_note(foundation))
    except Absent:
        return False
    return noted is not None and noted.content.decode() != _digest(basis.basis(document))


def known_outdated(foundation: Deployment, home: Callable[[], StateHome]) -> bool:
    """As `is_outdated`; False as well if the state home cannot be read, or the stack was not synthesized here."""
    try:
        return is_outdated(foundation, home())
    except (TerraceError, FileNotFoundError):
        return False


def sentence(environment: str) -> str:
    """What to say when the bootstrap is outdated."""
    return (
        f"identity changed: run `terrace bootstrap {environment}` as a person. The identities of the pipelines, or "
        "their limit, differ from what was last applied, and are not part of the foundation."
    )


def forget(foundation: Deployment, home: StateHome) -> int:
    """Remove from the state of a foundation what its bootstrap has; returns how many resources. They stay in the cloud.

    An apply would forget them too (`removed`). But where it replaces a resource that was created after one of them and
    has create_before_destroy, Terraform 1.11 reports a cycle. Source: hashicorp/terraform, pull request 39169.
    """
    stored = home.read(state_name(foundation.environment, foundation.cloud, "foundation"))
    known = states.summary(stored.content, where=home.place) if stored else None
    if known is None or not known.resources:
        return 0
    terraform = foundation.terraform(foundation.stack())
    addresses = forgotten(terraform)
    terraform.remove_from_state(addresses)
    return len(addresses)


def forgotten(terraform: Terraform) -> list[str]:
    """Addresses in the state that the stack forgets and does not destroy: what an earlier version made there, such as
    the identities of the pipelines."""
    stack = json.loads(terraform.stack_file.read_text(encoding="utf-8"))
    blocks = [one["from"] for one in stack.get("removed", []) if one.get("lifecycle") == {"destroy": False}]
    return [address for address in terraform.addresses() if address in blocks]


def _stack(deployment: Deployment) -> dict[str, Any]:
    """The stack as last synthesized."""
    path = deployment.project.stack(deployment.stack_id) / "cdk.tf.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _note(deployment: Deployment) -> str:
    return f"{deployment.environment}/{deployment.cloud}/bootstrap/applied.sha256"


def _digest(resources: Mapping[str, Mapping[str, Any]]) -> str:
    """The hash of resources without the comments, which hold construct paths."""
    plain = {
        type: {name: {key: value for key, value in body.items() if key != "//"} for name, body in group.items()}
        for type, group in resources.items()
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
