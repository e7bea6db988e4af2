"""`python -m tests.live.record CLOUD [ENVIRONMENT...]`: apply foundations to the emulator and record what results.

Needs Terraform and the cloud's provider, from the registry or a mirror (TERRACE_PROVIDER_MIRROR). An apply takes two to
four minutes. Record again when test_recordings.py reports a changed stack, or when a recording no longer loads.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from terrace import emulator
from terrace.deployment import binary, mirror
from terrace.deployment.terraform import providers_of
from terrace.environment import target
from terrace.project import basis
from terrace.project.stack_ids import stack_id
from tests.live.aws import recorder
from tests.live.recording import RECORDED, ROOT, Recording, environment, fingerprints


def record(cloud: str, name: str, directory: Path) -> Path:
    """Apply one environment and write its recording; the file's path."""
    stack = synthesized(cloud, [name], directory / "out") / name
    prints = fingerprints(json.loads((stack / "cdk.tf.json").read_text()))
    destination = target(environment(cloud, name))
    account = emulator.account_of(cloud, destination.settings)
    if cloud == "aws":
        with recorder.recording_emulator(directory, account, destination.region) as running:
            apply(basis_of(stack), running)
            apply(stack, running)
        return Recording(prints, requests=recorder.requests(directory)).write(cloud, name)
    state = directory / "state"
    running = emulator.start(
        cloud,
        directory,
        account=account,
        region=destination.region,
        options=emulator.Options(state=state),
        foreground=True,
    )
    try:
        apply(basis_of(stack), running)
        apply(stack, running)
    finally:
        running.stop()
    return Recording(prints, state={file.name: file.read_text() for file in state.iterdir()}).write(cloud, name)


def synthesized(cloud: str, names: Sequence[str], out: Path) -> Path:
    """The folder of the environments' bootstrap and foundation stacks, synthesized in a process of its own."""
    command = [sys.executable, "-m", "tests.live.record", cloud, *names, "--synthesize", str(out)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "TERRACE_STATE": "local"}, check=True)
    return out / "stacks"


def _synthesize(cloud: str, names: Sequence[str], out: Path) -> None:
    from terrace import engine

    app = engine.app(str(out))
    from terrace.stacks.bootstrap import Bootstrap
    from terrace.stacks.foundation import Foundation

    for name in names:
        described = environment(cloud, name)
        Bootstrap(app, stack_id(name, "bootstrap"), described, target(described))
        Foundation(app, described, target(described))
    app.synth()
    for name in names:
        foundation = out / "stacks" / name
        basis.add(foundation / "cdk.tf.json", basis_of(foundation) / "cdk.tf.json")


def basis_of(stack: Path) -> Path:
    """The folder of the bootstrap stack of a foundation."""
    return stack.with_name(stack_id(stack.name, "bootstrap"))


def apply(stack: Path, running: emulator.Emulator) -> None:
    """Apply a synthesized stack to a running emulator."""
    terraform = binary.locate(ROOT, os.environ)
    providers = providers_of(json.loads((stack / "cdk.tf.json").read_text()))
    source = mirror.choose(providers=providers, host=terraform.registry_host).variables(stack)
    (stack / "../../../.terrace/state").resolve().mkdir(parents=True, exist_ok=True)
    variables = {**running.child_environment(os.environ), **source}
    subprocess.run([terraform.path, "init", "-no-color"], cwd=stack, env={**os.environ, **source}, check=True)
    apply = ["apply", "-auto-approve", "-no-color", f"-parallelism={variables['TERRACE_PARALLELISM']}"]
    subprocess.run([terraform.path, *apply], cwd=stack, env=variables, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.live.record", description=__doc__)
    parser.add_argument("cloud", choices=emulator.clouds())
    parser.add_argument("environments", nargs="*", metavar="ENVIRONMENT")
    parser.add_argument("--synthesize", type=Path, metavar="DIRECTORY", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    names = chosen.environments or RECORDED[chosen.cloud]
    if chosen.synthesize:
        _synthesize(chosen.cloud, names, chosen.synthesize)
        return
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            written = record(chosen.cloud, name, Path(directory))
        print(f"{written.relative_to(ROOT)}: {written.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
