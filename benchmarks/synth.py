"""`python -m benchmarks.synth [ENV]`: synthesis time against a floor.

The floor synthesizes the same number of resources of the same types through the bindings, with required arguments only,
in one stack. It loads the bindings completely; Terrace loads only the modules that it uses, and may be below the floor.
Each time is the best of several alternating runs in fresh processes.
"""

import importlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.node import node

ROUNDS = 3


def required(callable_: Any, depth: int = 0) -> dict[str, Any]:
    """Arguments for every parameter without a default, derived from the type hints."""
    hints = typing.get_type_hints(callable_)
    return {
        name: example(hints[name], depth)
        for name, parameter in inspect.signature(callable_).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    }


def example(hint: Any, depth: int) -> Any:
    """A value of a type; of a union, of the first alternative that can be constructed."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        alternatives = [
            argument
            for argument in arguments
            if argument is not type(None) and not getattr(argument, "__jsii_proxy_class__", None)
        ]
        return example(alternatives[0], depth)
    if origin is not None and issubclass(origin, Mapping):
        return {}
    if origin is not None:
        return [example(arguments[0], depth)]
    if hint in (str, Any):
        return "x"
    if hint is bool:
        return True
    if hint in (int, float) or getattr(hint, "__name__", "") == "Number":
        return 1
    return hint(**required(hint.__init__, depth + 1)) if depth < 4 else None


def floor(stack_file: Path, out: Path) -> None:
    """Synthesize the same number of resources of the same types as the stack. Prints the seconds to subtract."""
    stack = json.loads(stack_file.read_text())
    os.environ["JSII_NODE"] = node()
    from cdktn import TerraformStack  # before the engine, which loads them in part
    from cdktn_provider_aws.provider import AwsProvider

    from terrace import engine

    app = engine.app(str(out))

    raw = TerraformStack(app, "floor")
    AwsProvider(raw, "aws", region="eu-central-1")
    deriving = 0.0  # seconds to derive arguments, which the engine does not do
    for kind, resources in stack["resource"].items():
        module = importlib.import_module(f"cdktn_provider_aws.{kind.removeprefix('aws_')}")
        binding = next(value for value in vars(module).values() if getattr(value, "TF_RESOURCE_TYPE", None) == kind)
        started = time.perf_counter()
        arguments = required(binding.__init__)
        deriving += time.perf_counter() - started
        for number in range(len(resources)):
            binding(raw, f"{kind}-{number}", **arguments)
    app.synth()
    print(deriving)


def timed(*command: str, **variables: str) -> float:
    """Wall seconds of a fresh process, minus the seconds that it prints."""
    started = time.perf_counter()
    printed = subprocess.run(
        command, check=True, env={**os.environ, **variables}, capture_output=True, text=True
    ).stdout
    return time.perf_counter() - started - float(printed or 0)


def main(environment: str) -> None:
    """Print both times and their ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        ours, raw = Path(scratch, "ours"), Path(scratch, "raw")
        stack = ours / "stacks" / environment / "cdk.tf.json"
        timed(sys.executable, "-m", "stacks", environment, TERRACE_OUT=str(ours))
        resources = sum(len(group) for group in json.loads(stack.read_text())["resource"].values())
        best_ours = best_raw = float("inf")
        for _ in range(ROUNDS):
            best_raw = min(best_raw, timed(sys.executable, "-m", "benchmarks.synth", "--floor", str(stack), str(raw)))
            best_ours = min(best_ours, timed(sys.executable, "-m", "stacks", environment, TERRACE_OUT=str(ours)))
    print(f"{environment}: {resources} resources, best of {ROUNDS}")
    print(f"  floor (raw bindings)  {best_raw:6.2f} s")
    print(f"  terrace               {best_ours:6.2f} s   {best_ours / best_raw:.2f}x")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        floor(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(*(sys.argv[1:] or ["dev"]))
