"""Every gap of stock moto that the foundation met, in one list. A line leaves when upstream mends it.

`tests/emulator/aws/` shows for each that stock moto fails where the patched one works.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

from terrace.emulator.aws import (
    accessanalyzer,
    acm,
    backup,
    budgets,
    ce,
    cloudtrail,
    cloudwatch,
    ec2,
    eks,
    elasticache,
    guardduty,
    kms,
    logs,
    rds,
    route53,
    s3,
    secretsmanager,
    securityhub,
    sqs,
)

SERVICES: tuple[ModuleType, ...] = (
    accessanalyzer,
    acm,
    backup,
    budgets,
    ce,
    cloudtrail,
    cloudwatch,
    ec2,
    eks,
    elasticache,
    guardduty,
    kms,
    logs,
    rds,
    route53,
    s3,
    secretsmanager,
    securityhub,
    sqs,
)


@dataclass(frozen=True)
class Patch:
    """`name` is `<service>.<function>`; `stock` says what moto does without it."""

    name: str
    stock: str
    install: Callable[[], None]


def _listed() -> tuple[Patch, ...]:
    found = []
    for module in SERVICES:
        service = module.__name__.rpartition(".")[2]
        for install in module.PATCHES:
            stock = " ".join((inspect.getdoc(install) or "").split())
            found.append(Patch(f"{service}.{install.__name__}", stock, install))
    return tuple(found)


PATCHES = _listed()
_installed: set[str] = set()


def apply(names: Iterable[str] | None = None) -> None:
    """Install patches into the moto of this process: all of them, or those named. Once each; there is no way back."""
    wanted = None if names is None else set(names)
    if wanted is not None and (unknown := wanted - {patch.name for patch in PATCHES}):
        raise KeyError(f"no such patch: {', '.join(sorted(unknown))}")
    for patch in PATCHES:
        if patch.name not in _installed and (wanted is None or patch.name in wanted):
            patch.install()
            _installed.add(patch.name)


def table() -> str:
    """The patches as a Markdown table, for docs/emulators.md."""
    rows = ["| patch | what stock moto does, and what it leads to |", "|---|---|"]
    rows += [f"| `{patch.name}` | {patch.stock.removeprefix('Stock moto ')} |" for patch in PATCHES]
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
