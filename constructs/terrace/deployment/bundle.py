"""Bundles: a reviewed plan with everything that it was made from, sealed and kept beside the state.

A bundle contains the plan, the synthesized stack, the provider lock and a record: the digests of the inputs, the
commit, the changes and the gate's verdict with its evidence of access. Its name is the SHA-256 sum of the sealed file,
in a folder named after the git tree that was planned. It is created once and never overwritten.
"""

import contextlib
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from terrace.assurance.gate_verdict import GateVerdict
from terrace.capabilities.data_keys import DataKeys
from terrace.deployment import plans, provider_lock
from terrace.deployment.deployment import Deployment
from terrace.deployment.plans import SavedPlan
from terrace.deployment.sealed import NotSealed, header, seal, unseal
from terrace.deployment.terraform import Terraform
from terrace.errors import AnswerIsNo, UsageError
from terrace.project.revision import Revision
from terrace.state import Conflict, StateHome

RETENTION = timedelta(days=30)
"""How long bundles are kept; an apply removes older ones."""
_SUFFIX = ".bundle"
_PLAN, _STACK, _LOCK, _RECORD = "plan.tfplan", "cdk.tf.json", "terraform.lock.hcl", "record.json"
_HASH = re.compile(r"[0-9a-f]{8,64}")


class BundleRefused(AnswerIsNo):
    """There is no such bundle, it is not intact, or it is not one of this deployment and commit."""


@dataclass(frozen=True)
class Bundle:
    """An opened bundle. `plan` is Terraform's plan file, `stack` and `lock` are texts, `record` is plain data with the
    keys of a plan's sidecar. `lock` is empty for a stack without providers."""

    sha256: str
    created: str
    commit: str
    plan: bytes
    stack: str
    lock: str
    record: Mapping[str, Any]

    @property
    def inputs_sha256(self) -> str:
        return str(self.record["inputs_sha256"])

    @property
    def gate(self) -> GateVerdict | None:
        """The recorded verdict: what the reviewers saw. An apply evaluates the gate again."""
        return GateVerdict.from_data(self.record["gate"])

    def __str__(self) -> str:
        return f"{self.sha256[:12]} of {self.created}, commit {self.commit[:12]}"


def prefix(deployment: Deployment) -> str:
    """The folder of the deployment's bundles in the state home."""
    return f"{deployment.environment}/{deployment.cloud}/{deployment.layer}/plans/"


def store(
    deployment: Deployment, terraform: Terraform, saved: SavedPlan, revision: Revision, home: StateHome, keys: DataKeys
) -> str:
    """Seal a saved plan and store it; return its hash. Raises UsageError if files differ from the commit."""
    require_committed(revision)
    record = {**json.loads(saved.sidecar.read_text()), "commit": revision.commit, "tree": revision.tree}
    content = _packed(
        {
            _PLAN: saved.path.read_bytes(),
            _STACK: plans.stack_of(saved).encode(),
            _LOCK: provider_lock.read(terraform.directory).encode(),
            _RECORD: json.dumps(record, sort_keys=True).encode(),
        }
    )
    sealed = seal(content, _header(deployment, revision, saved.created), keys)
    sha256 = hashlib.sha256(sealed).hexdigest()
    with contextlib.suppress(Conflict):  # only the same bytes have this name
        home.write(f"{prefix(deployment)}{revision.tree}/{sha256}{_SUFFIX}", sealed, new=True)
    return sha256


def require_committed(revision: Revision) -> None:
    """Raise UsageError if files of the project differ from the commit: a bundle is the plan of a commit."""
    if revision.changed:
        shown = ", ".join(revision.changed[:3]) + (", ..." if len(revision.changed) > 3 else "")
        raise UsageError(
            f"a bundle is the plan of a commit, and files differ from HEAD: {shown}",
            hint="commit them first, or plan without --bundle",
        )


def find(deployment: Deployment, revision: Revision, wanted: str, home: StateHome, keys: DataKeys) -> Bundle:
    """The bundle of the revision's tree whose hash begins with `wanted`, or the newest one. Raises BundleRefused."""
    if wanted and not _HASH.fullmatch(wanted):
        raise UsageError(f"invalid bundle hash '{wanted}'", hint="give at least 8 hexadecimal digits")
    hint = f"make one with `terrace plan {deployment.stack_id} --bundle` at this commit"
    tree = f"{prefix(deployment)}{revision.tree}/"
    found = {name: _sha256_of(name) for name in home.names(prefix(deployment)) if name.endswith(_SUFFIX)}
    here = [name for name, sha256 in found.items() if name.startswith(tree) and sha256.startswith(wanted)]
    if not here:
        other = [name for name, sha256 in found.items() if wanted and sha256.startswith(wanted)]
        raise BundleRefused(
            f"bundle {wanted} is of another commit: its tree is {other[0].split('/')[-2]}, HEAD's is {revision.tree}"
            if other
            else f"no bundle{f' {wanted}' if wanted else ''} for {deployment.stack_id} on {deployment.cloud} "
            f"and the tree of HEAD, {revision.tree}",
            hint=hint,
        )
    sealed = {name: stored.content for name in here if (stored := home.read(name)) is not None}
    name = max(sealed, key=lambda name: (_created(sealed[name]), name))
    if len(here) > 1:
        deployment.on_message(f"{len(here)} bundles are of this tree; taking the newest, {_sha256_of(name)}")
    return opened(deployment, revision, _sha256_of(name), sealed[name], keys)


def opened(deployment: Deployment, revision: Revision, sha256: str, sealed: bytes, keys: DataKeys) -> Bundle:
    """Check a sealed bundle against its hash, open it, and check whose it is. Raises BundleRefused."""
    hint = f"plan again with `terrace plan {deployment.stack_id} --bundle`"
    if (actual := hashlib.sha256(sealed).hexdigest()) != sha256:
        raise BundleRefused(f"bundle {sha256[:12]} was changed: its content has the hash {actual}", hint=hint)
    try:
        content, written = unseal(sealed, keys), header(sealed)
        members = _unpacked(content)
        record = json.loads(members[_RECORD])
        bundle = Bundle(
            sha256=sha256,
            created=written["created"],
            commit=written["commit"],
            plan=members[_PLAN],
            stack=members[_STACK].decode(),
            lock=members[_LOCK].decode(),
            record=record,
        )
        _ = bundle.inputs_sha256, bundle.gate
        planned = record["plan_sha256"]
    except NotSealed as error:
        raise BundleRefused(f"bundle {sha256[:12]} cannot be opened: {error.message}", hint=hint) from error
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BundleRefused(f"bundle {sha256[:12]} is not readable ({error})", hint=hint) from error
    expected = _header(deployment, revision, bundle.created)
    for name, value in {**expected, "commit": bundle.commit}.items():
        if written.get(name) != value:
            raise BundleRefused(
                f"bundle {sha256[:12]} is of another deployment or commit: its {name} is {written.get(name)}, "
                f"expected {value}",
                hint=hint,
            )
    if planned != hashlib.sha256(bundle.plan).hexdigest():
        raise BundleRefused(f"bundle {sha256[:12]}: its record is not that of the plan in it", hint=hint)
    return bundle


def remove_old(deployment: Deployment, home: StateHome, *, keep: str, now: datetime | None = None) -> int:
    """Remove the deployment's bundles that are older than RETENTION, but not `keep`; return how many."""
    limit = (now or datetime.now(UTC)) - RETENTION
    removed = 0
    for name in home.names(prefix(deployment)):
        if not name.endswith(_SUFFIX) or _sha256_of(name) == keep:
            continue
        if (versions := home.versions(name)) and max(version.written for version in versions) < limit:
            home.delete(name)
            removed += 1
    return removed


def _header(deployment: Deployment, revision: Revision, created: str) -> dict[str, str]:
    return {
        "purpose": "terrace-bundle",
        "environment": deployment.environment,
        "cloud": deployment.cloud,
        "layer": deployment.layer,
        "tree": revision.tree,
        "commit": revision.commit,
        "created": created,
    }


def _created(sealed: bytes) -> str:
    """When it says that it was made; empty if it is not readable, so that any other one is newer."""
    try:
        return header(sealed).get("created", "")
    except NotSealed:
        return ""


def _sha256_of(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(_SUFFIX)


def _packed(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in (_PLAN, _STACK, _LOCK, _RECORD)}
