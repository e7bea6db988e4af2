"""Synthesized stacks for the gate, separate from `cdktf.out` and synthesized again only when an input has changed."""

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

from terrace.distribution import DISTRIBUTION
from terrace.environment import load
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize

_NOT_IN_A_STACK = ("assurance", "cli", "demo", "deployment", "emulator", "live", "project", "purge", "__pycache__")
_PROJECT = ("environments", "stacks", "constructs", "modules")
_INHERITED = ("TERRACE_CLOUD", "TERRACE_STATE", "TERRACE_UNPROTECT", "TERRACE_OFFLINE")


def stacks(project: Project, environments: Sequence[str], cloud: str) -> dict[str, str]:
    """The foundation stacks of environments on a cloud, as JSON text. Raises SynthesisFailed, InvalidEnvironment.

    Always with a local state and default options: not for a destroy, not offline.
    """
    cache = project.working_directory / "gate"
    cache.mkdir(mode=0o700, exist_ok=True)
    digests = {environment: digest(project, environment, cloud) for environment in environments}
    cached = {name: _cached(cache / f"{name}-{cloud}", digests[name]) for name in environments}
    found = {name: text for name, text in cached.items() if text is not None}
    missing = [name for name in environments if name not in found]
    if missing:
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            separate = replace(project, synthesized_to=Path(scratch))
            synthesize(separate, *missing, cloud=cloud, state="local", environ=_environ())
            for name in missing:
                found[name] = (separate.stack(name) / "cdk.tf.json").read_text(encoding="utf-8")
                # An input that changed during the synthesis may or may not be in the stack.
                if digest(project, name, cloud) == digests[name]:
                    _store(cache / f"{name}-{cloud}", digests[name], found[name])
    return {name: found[name] for name in environments}


def digest(project: Project, environment: str, cloud: str) -> str:
    """A digest of all inputs of a stack: files of the project, Terrace itself, versions of the bindings."""
    sum_of_inputs = hashlib.sha256(json.dumps([cloud, environment, _versions()]).encode())
    loaded = load(environment, project=project.root, cloud=cloud)
    files = {project.root / name for name in loaded.files}
    files |= {module.folder / "module.yaml" for module in loaded.environment.enabled_modules.values()}
    for folder in (*(project.root / name for name in _PROJECT), Path(__file__).resolve().parents[1]):
        files |= {path for path in folder.rglob("*") if _is_input(path, folder)}
    for path in sorted(files):
        sum_of_inputs.update(str(path).encode() + b"\0" + path.read_bytes())
    return sum_of_inputs.hexdigest()


def _is_input(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return path.suffix in (".py", ".yaml", ".yml", ".json", ".j2") and not set(parts) & set(_NOT_IN_A_STACK)


def _cached(folder: Path, inputs: str) -> str | None:
    """The cached stack, if it was made from these inputs and was not changed since."""
    try:
        recorded, text = (folder / "inputs").read_text().split(), (folder / "cdk.tf.json").read_text(encoding="utf-8")
    except OSError:
        return None
    return text if recorded == [inputs, hashlib.sha256(text.encode()).hexdigest()] else None


def _store(folder: Path, inputs: str, text: str) -> None:
    fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    (fresh / "cdk.tf.json").write_text(text, encoding="utf-8")
    (fresh / "inputs").write_text(f"{inputs} {hashlib.sha256(text.encode()).hexdigest()}\n")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        fresh.rename(folder)
    except OSError:  # another run was faster
        shutil.rmtree(fresh, ignore_errors=True)


@cache
def _versions() -> Mapping[str, str]:
    return {
        package.name: package.version
        for package in importlib.metadata.distributions()
        if package.name in (DISTRIBUTION, "constructs", "jsii") or package.name.startswith("cdktn")
    }


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _INHERITED}
