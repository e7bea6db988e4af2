"""The list of all patches. A patch is removed when moto fixes the problem.

For each patch, `tests/emulator/aws/` has a test that passes on the emulator and fails on stock moto.
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
    config,
    ec2,
    eks,
    eks_nodegroups,
    elasticache,
    guardduty,
    iam,
    inspector2,
    kafka,
    kms,
    logs,
    macie2,
    rds,
    route53,
    route53resolver,
    s3,
    secretsmanager,
    securityhub,
    sqs,
    sts,
    wafv2,
)

SERVICES: tuple[ModuleType, ...] = (
    accessanalyzer,
    acm,
    backup,
    budgets,
    ce,
    cloudtrail,
    cloudwatch,
    config,
    ec2,
    eks,
    eks_nodegroups,
    elasticache,
    guardduty,
    iam,
    inspector2,
    kafka,
    kms,
    logs,
    macie2,
    rds,
    route53,
    route53resolver,
    s3,
    secretsmanager,
    securityhub,
    sqs,
    sts,
    wafv2,
)


@dataclass(frozen=True)
class Patch:
    """`name` is `<service>.<function>`; `stock` describes what moto does without the patch."""

    name: str
    stock: str
    install: Callable[[], None]


def _collect() -> tuple[Patch, ...]:
    patches = []
    for module in SERVICES:
        service = module.__name__.rpartition(".")[2]
        for install in module.PATCHES:
            stock = " ".join((inspect.getdoc(install) or "").split())
            patches.append(Patch(f"{service}.{install.__name__}", stock, install))
    return tuple(patches)


PATCHES = _collect()
_installed: set[str] = set()


def apply(names: Iterable[str] | None = None) -> None:
    """Install all patches, or the named ones, into this process's moto. A patch is installed once and stays."""
    selected = None if names is None else set(names)
    if selected is not None and (unknown := selected - {patch.name for patch in PATCHES}):
        raise KeyError(f"no such patch: {', '.join(sorted(unknown))}")
    for patch in PATCHES:
        if patch.name not in _installed and (selected is None or patch.name in selected):
            patch.install()
            _installed.add(patch.name)


def table() -> str:
    """The patches as a Markdown table, for docs/emulators.md."""
    rows = ["| patch | behaviour of stock moto, and its effect |", "|---|---|"]
    rows += [f"| `{patch.name}` | {patch.stock.removeprefix('Stock moto ')} |" for patch in PATCHES]
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
