"""Synthesized stacks to judge, apart from `cdktf.out`, and made again only when what goes in has changed."""

import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from terrace.environment import load
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize

_NOT_IN_A_STACK = ("assurance", "cli", "demo", "deployment", "emulator", "live", "project", "purge", "__pycache__")
_PROJECT = ("environments", "stacks", "constructs", "modules")
_INHERITED = ("TERRACE_CLOUD", "TERRACE_STATE", "TERRACE_UNPROTECT", "TERRACE_OFFLINE")


def stacks(project: Project, environments: Sequence[str], cloud: str) -> dict[str, str]:
    """The foundation stacks of environments on a cloud, as JSON text. Raises SynthesisFailed, InvalidEnvironment.

    Always with a local state, and as nobody has asked for anything: not for a destroy, not offline.
    """
    kept = project.working_directory / "gate"
    kept.mkdir(mode=0o700, exist_ok=True)
    wanted = {environment: digest(project, environment, cloud) for environment in environments}
    found = {name: text for name in environments if (text := _kept(kept / f"{name}-{cloud}", wanted[name])) is not None}
    missing = [name for name in environments if name not in found]
    if missing:
        with tempfile.TemporaryDirectory(dir=kept) as scratch:
            apart = replace(project, synthesized_to=Path(scratch))
            synthesize(apart, *missing, cloud=cloud, state="local", environ=_surrounding())
            for name in missing:
                found[name] = (apart.stack(name) / "cdk.tf.json").read_text(encoding="utf-8")
                # What was changed while it was synthesized may or may not be in it.
                if digest(project, name, cloud) == wanted[name]:
                    _keep(kept / f"{name}-{cloud}", wanted[name], found[name])
    return {name: found[name] for name in environments}


def digest(project: Project, environment: str, cloud: str) -> str:
    """A digest of all that a stack is made of: files of the project, Terrace itself, the bindings' versions."""
    sum_of_inputs = hashlib.sha256(json.dumps([cloud, environment, _versions()]).encode())
    files = {project.root / name for name in load(environment, project=project.root, cloud=cloud).files}
    for folder in (*(project.root / name for name in _PROJECT), Path(__file__).resolve().parents[1]):
        files |= {path for path in folder.rglob("*") if _counts(path, folder)}
    for path in sorted(files):
        sum_of_inputs.update(str(path).encode() + b"\0" + path.read_bytes())
    return sum_of_inputs.hexdigest()


def _counts(path: Path, folder: Path) -> bool:
    within = path.relative_to(folder).parts
    return path.suffix in (".py", ".yaml", ".yml", ".json", ".j2") and not set(within) & set(_NOT_IN_A_STACK)


def _kept(place: Path, wanted: str) -> str | None:
    """What was kept, if it is of these inputs and still what was written."""
    try:
        noted, text = (place / "inputs").read_text().split(), (place / "cdk.tf.json").read_text(encoding="utf-8")
    except OSError:
        return None
    return text if noted == [wanted, hashlib.sha256(text.encode()).hexdigest()] else None


def _keep(place: Path, wanted: str, text: str) -> None:
    fresh = Path(tempfile.mkdtemp(dir=place.parent))
    (fresh / "cdk.tf.json").write_text(text, encoding="utf-8")
    (fresh / "inputs").write_text(f"{wanted} {hashlib.sha256(text.encode()).hexdigest()}\n")
    shutil.rmtree(place, ignore_errors=True)
    try:
        fresh.rename(place)
    except OSError:  # another run was quicker
        shutil.rmtree(fresh, ignore_errors=True)


@cache
def _versions() -> Mapping[str, str]:
    return {
        found.name: found.version
        for found in importlib.metadata.distributions()
        if found.name in ("terrace", "constructs", "jsii") or found.name.startswith("cdktn")
    }


def _surrounding() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _INHERITED}
