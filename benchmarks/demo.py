"""`python -m benchmarks.demo [ENV]`: the demo's wall time against the same Terraform commands typed by hand.

By hand means: the stack as synthesized, an emulator of its own, and the commands of the demo one after the other with
nothing between them. What the demo does besides (verifying, tampering, listing) is in its time and not in theirs.
Takes twice as long as a demo.
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
    """Seconds of the demo's Terraform commands, typed one after the other."""
    place = target(load(environment).environment)
    account = emulator.account_of("aws", place.settings)
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

    at_once = f"-parallelism={variables['TERRACE_PARALLELISM']}"  # as the demo has it

    def planned(*options: str) -> None:
        run("plan", "-input=false", "-out=plan", at_once, *options)

    started = time.monotonic()
    try:
        subprocess.run([sys.executable, "-m", "stacks", environment], env=synth, check=True)
        run("init", "-input=false")
        planned()
        run("apply", "-input=false", at_once, "plan")
        planned()  # nothing to do
        planned()  # the drift that the demo notices
        planned()  # the repair
        run("apply", "-input=false", at_once, "plan")
        planned()  # nothing to do again
        if place.protected:
            subprocess.run(
                [sys.executable, "-m", "stacks", environment], env={**synth, "TERRACE_UNPROTECT": "1"}, check=True
            )
            planned()
            run("apply", "-input=false", at_once, "plan")
        for attempt in (1, 2):
            # the access log bucket has filled again the first time; the demo empties it and goes on, as here
            _empty(scratch, environment, running)
            planned("-destroy")
            ended = subprocess.run(
                [terraform, "apply", "-input=false", at_once, "plan"],
                cwd=stack,
                env=variables,
                check=False,
                capture_output=True,
            )
            if ended.returncode == 0:
                break
            assert attempt == 1, ended.stderr.decode()
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
    """Print both times, their ratio, and where the time goes."""
    with tempfile.TemporaryDirectory() as scratch:
        evidence = Path(scratch, "evidence.json")
        terrace = [sys.executable, "-m", "terrace.cli.main", "demo", "--env", environment, "--json", str(evidence)]
        started = time.monotonic()
        subprocess.run(terrace, check=True, stdout=subprocess.DEVNULL)
        demo = time.monotonic() - started
        seen = json.loads(evidence.read_text())
        hand = by_hand(environment, Path(scratch))
    print(f"{environment}: {seen['resources_applied']} resources")
    print(f"  terraform by hand  {hand:6.0f} s")
    print(f"  terrace demo       {demo:6.0f} s   {demo / hand:.2f}x")
    for step, seconds in sorted(seen["seconds"].items(), key=lambda entry: -entry[1]):
        print(f"    {seconds:6.1f} s  {step}")
    print("  longest resources: " + ", ".join(f"{path} {seconds:.0f} s" for path, seconds in seen["slowest"].items()))


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["dev"]))
