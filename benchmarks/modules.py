"""`python -m benchmarks.modules [NUMBER]...`: growth of `terrace modules check` and of the workloads' synthesis.

Both run on copies of the project with more and more modules, without upstream charts. Each added module has a database,
a host name, metrics and an objective, and calls the one before it. Growth compares the time per added module with that
of the step before: 1.0 is linear. Processor time, the best of several runs in fresh processes.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = (5, 50, 100, 200)
ROUNDS = 2
COPIED = ("constructs", "environments", "modules", "policies", "stacks", "cdktf.json", "pyproject.toml")
_MODULE = """\
summary: The module number {number} of a benchmark
category: applications
home: https://example.com/software
licence: Apache-2.0
version: 1.0.0
chart: {{repository: "https://charts.example.com", name: {name}, version: 1.0.0}}
images: [{{repository: registry.example.com/{name}, tag: 1.0.0}}]
needs:
  database: {{}}
  secrets: {{{name}-session: [key]}}
  hosts: {{{name}: {{service: {name}, port: 8080, login: oidc}}}}
components:
  web:
    pods: {{app.kubernetes.io/name: {name}}}
    sizes:
      small: {{cpu: 50m, memory: 128Mi}}
      medium: {{cpu: 100m, memory: 256Mi, replicas: 2}}
      large: {{cpu: 250m, memory: 512Mi, replicas: 3}}
network:
  ports: {{http: 8080, metrics: 9100}}
  called_by: {{http: [gateway]}}
  calls: [{calls}]
observability:
  scrape: [{{port: metrics}}]
  slo:
    good: sum(rate(requests_total{{module="{name}",code!~"5.."}}[$window]))
    total: sum(rate(requests_total{{module="{name}"}}[$window]))
"""
_VALUES = """\
image: {{ image("registry.example.com/" ~ module.name).ref }}
replicas: {{ components.web.replicas }}
resources: {{ components.web.resources | tojson }}
host: {{ host(module.name) }}
database: {{ foundation.database.host }}
"""


def project(folder: Path, number: int) -> None:
    """Write a project with this number of modules besides those of the project, enabled in an environment `dev`."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    modules = folder / "modules"
    names = [f"module-{step}" for step in range(number)]
    for step, name in enumerate(names):
        own = modules / name
        own.mkdir()
        calls = names[step - 1] if step else "internet"
        (own / "module.yaml").write_text(_MODULE.format(number=step, name=name, calls=calls))
        (own / "values.yaml.j2").write_text(_VALUES)
        (own / "metrics.txt").write_text("requests_total\n")
        (own / "README.md").write_text(f"# {name}\n")
    enabled = "\n".join(f"  {name}: {{enabled: true}}" for name in names)
    clients = ", ".join(f"{name}: client" for name in names)
    with (folder / "environments" / "dev.yaml").open("a") as file:
        file.write(f"modules:\n{enabled}\nidentity:\n  oidc:\n    clients: {{{clients}}}\n")


def seconds(folder: Path, *command: str) -> float:
    """Processor time of a fresh process and its children; the best of ROUNDS."""
    best = float("inf")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TERRACE_")}
    variables |= {
        "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "constructs"), os.environ.get("PYTHONPATH", "")])
    }
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run(
            [sys.executable, *command], cwd=folder, env=variables, capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = "check" in command and ended.stdout.endswith("warnings\n")  # a finding does not change the time
        if ended.returncode and not found:
            sys.exit(f"{' '.join(command)} failed:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def main(numbers: tuple[int, ...]) -> None:
    """Print the times of each number of modules, and their growth."""
    commands = {
        "modules check": ("-m", "terrace.cli.main", "modules", "check", "--env", "dev", "--cloud", "aws"),
        "synth": ("-m", "terrace.cli.main", "synth", "dev-workloads"),
    }
    print(f"processor seconds, best of {ROUNDS}")
    print(f"{'modules':>8}" + "".join(f"{name:>16}{'per module':>12}{'growth':>8}" for name in commands))
    last: dict[str, tuple[int, float, float]] = {}
    for number in numbers:
        line = f"{number:>8}"
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            project(folder, number)
            for name, command in commands.items():
                used = seconds(folder, *command)
                each = growth = ""
                rate = 0.0
                if name in last:
                    before, time, earlier = last[name]
                    rate = (used - time) / (number - before)
                    each = f"{rate * 1000:.0f} ms"
                    growth = f"{rate / earlier:.2f}" if earlier else ""
                last[name] = (number, used, rate)
                line += f"{used:>16.2f}{each:>12}{growth:>8}"
        print(line, flush=True)


if __name__ == "__main__":
    main(tuple(int(number) for number in sys.argv[1:]) or NUMBERS)
