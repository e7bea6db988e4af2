"""`python -m benchmarks.demo [ENV]`: wall time of the demo against the same Terraform commands run by hand.

By hand, the demo's Terraform commands run one after the other on the synthesized stack and an emulator of their own.
The demo's time also includes what it does between them: verify, inject drift, list leftovers. Takes twice as long as a
demo.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from terrace import emulator
from terrace.deployment import binary, mirror
from terrace.environment import load, target


def by_hand(environment: str, scratch: Path) -> float:
    """Seconds of the demo's Terraform commands, one after the other."""
    account_target = target(load(environment).environment)
    account = emulator.account_of("aws", account_target.settings)
    running = emulator.start("aws", scratch / "emulator", account=account, parent=os.getpid())
    source = mirror.choose(providers=["hashicorp/aws"])
    variables = {**running.child_environment(os.environ), **source.variables(scratch)}
    terraform = str(binary.locate(Path.cwd()).path)
    out = scratch / "cdktf.out"
    stack = out / "stacks" / environment
    synth = {**variables, "TERRACE_OUT": str(out), "TERRACE_STATE": "local"}
    (scratch / ".terrace" / "state").mkdir(parents=True)

    def run(*arguments: str) -> None:
        subprocess.run([terraform, *arguments], cwd=stack, env=variables, check=True, stdout=subprocess.DEVNULL)

    parallelism = f"-parallelism={variables['TERRACE_PARALLELISM']}"  # as in the demo

    def plan(*options: str) -> None:
        run("plan", "-input=false", "-out=plan", parallelism, *options)

    started = time.monotonic()
    try:
        subprocess.run([sys.executable, "-m", "stacks", environment], env=synth, check=True)
        run("init", "-input=false")
        plan()
        run("apply", "-input=false", parallelism, "plan")
        plan()  # no changes
        plan()  # detects the drift
        plan()  # repairs it
        run("apply", "-input=false", parallelism, "plan")
        plan()  # no changes
        if account_target.protected:
            subprocess.run(
                [sys.executable, "-m", "stacks", environment], env={**synth, "TERRACE_UNPROTECT": "1"}, check=True
            )
            plan()
            run("apply", "-input=false", parallelism, "plan")
        for attempt in (1, 2):
            # Access logs refill the bucket during the first destroy, which fails; the demo retries likewise.
            _empty(scratch, environment, running)
            plan("-destroy")
            completed = subprocess.run(
                [terraform, "apply", "-input=false", parallelism, "plan"],
                cwd=stack,
                env=variables,
                check=False,
                capture_output=True,
            )
            if completed.returncode == 0:
                break
            assert attempt == 1, completed.stderr.decode()
        return time.monotonic() - started
    finally:
        running.stop()


def _empty(scratch: Path, environment: str, running: emulator.Emulator) -> None:
    code = (
        "import sys; from terrace import purge; from terrace.environment import load, target; "
        "e = load(sys.argv[1]).environment; purge.empty_buckets(e, target(e))"
    )
    subprocess.run([sys.executable, "-c", code, environment], env=running.child_environment(os.environ), check=True)


def main(environment: str) -> None:
    """Print both times, their ratio, and the seconds of each step."""
    with tempfile.TemporaryDirectory() as scratch:
        evidence = Path(scratch, "evidence.json")
        terrace = [sys.executable, "-m", "terrace.cli.main", "demo", "--env", environment, "--json", str(evidence)]
        started = time.monotonic()
        subprocess.run(terrace, check=True, stdout=subprocess.DEVNULL)
        demo = time.monotonic() - started
        result = json.loads(evidence.read_text())
        manual = by_hand(environment, Path(scratch))
    print(f"{environment}: {result['resources_applied']} resources")
    print(f"  terraform by hand  {manual:6.0f} s")
    print(f"  terrace demo       {demo:6.0f} s   {demo / manual:.2f}x")
    for step, seconds in sorted(result["seconds"].items(), key=lambda entry: -entry[1]):
        print(f"    {seconds:6.1f} s  {step}")
    print("  slowest resources: " + ", ".join(f"{path} {seconds:.0f} s" for path, seconds in result["slowest"].items()))


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["dev"]))
