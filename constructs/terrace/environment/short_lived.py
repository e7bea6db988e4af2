"""Environments with a short life: the file of a new one, made from another environment.

It extends that environment, with names of its own, the smallest sizes, no copies elsewhere, no protection against
deletion, and the day after which `terrace env reap` destroys it.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from terrace.environment.loading import DIRECTORY, Loaded, load, names
from terrace.environment.schema import Environment
from terrace.errors import UsageError

LONGEST = timedelta(days=90)
_AGE = re.compile(r"([1-9]\d?)([dw])")
_SMALL: Mapping[str, Any] = {
    "tier": "dev",
    "recovery_region": None,
    "network": {"zones": 1, "hybrid": None},
    "secrets": {"recovery_days": 7},
    "cluster": {"deletion_protection": False},
    "database": {
        "size": "small",
        "storage_gb": 20,
        "max_storage_gb": 50,
        "high_availability": False,
        "replicas": 0,
        "recovery_days": 7,
        "deletion_protection": False,
        "insights_days": 7,
    },
    "cache": {"size": "small", "replicas": 0, "snapshot_days": 1},
    "lake": {"replicate": False, "immutability": {"days": 1, "mode": "governance"}},
    "backup": {
        "every": "P1D",
        "retention_days": 7,
        "archive_after_days": None,
        "copy_to_recovery_region": False,
        "lock": "governance",
        "rpo": "P1D",
        "rto": "PT8H",
    },
}
"""What a short-lived environment has whatever it is made from; written only where that differs."""


def expiry(text: str, today: date) -> date:
    """The day of `3d`, `2w` or 2026-12-04. Raises UsageError, also for one that is past or more than 90 days ahead."""
    found = _AGE.fullmatch(text)
    try:
        day = (
            today + timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1)) if found else date.fromisoformat(text)
        )
    except ValueError:
        raise UsageError(f"invalid --expires {text!r}", hint="write 3d, 2w or a date such as 2026-12-04") from None
    if not today <= day <= today + LONGEST:
        raise UsageError(f"--expires is {day}", hint=f"choose a day from {today} to {today + LONGEST}")
    return day


def text(name: str, base: Loaded, expires: date, project: Path) -> str:
    """The file of a new environment. Raises UsageError if there is one, InvalidEnvironment if it would not be valid."""
    if (project / DIRECTORY / f"{name}.yaml").exists() or name in names(project):
        raise UsageError(f"there is an environment {name!r} already", hint="choose another name")
    written = "\n".join(
        [
            "# yaml-language-server: $schema=schema.json",
            f"# Short-lived, made from {base.environment.name}: after its last day, `terrace env reap` destroys it.",
            *_lines(_settings(name, base, expires)),
            "",
        ]
    )
    with tempfile.TemporaryDirectory(prefix="terrace-env-") as folder:
        shutil.copytree(project / DIRECTORY, Path(folder) / DIRECTORY)
        if (project / "modules").is_dir():
            (Path(folder) / "modules").symlink_to(project / "modules")
        (Path(folder) / DIRECTORY / f"{name}.yaml").write_text(written, encoding="utf-8")
        load(name, project=Path(folder))
    return written


def expired(environment: Environment, today: date) -> bool:
    """Whether the environment's last day has passed."""
    return environment.expires is not None and environment.expires < today


def _settings(name: str, base: Loaded, expires: date) -> dict[str, Any]:
    """The keys of the file, in its order."""
    environment = base.environment
    merged = environment.model_dump(mode="json")
    account = {**merged[environment.cloud], "owns_account": False}
    required = {
        key for key, info in type(getattr(environment, environment.cloud)).model_fields.items() if info.is_required()
    }
    small = _differing({key: value for key, value in _SMALL.items() if key not in environment.left_out}, merged)
    network = small.pop("network", {})
    if environment.network.entry:
        network["entry"] = {"domain": f"{name}.{environment.network.entry.domain}"}
    pools: dict[str, Any] = {pool: {"size": "small", "min_nodes": 0, "max_nodes": 2} for pool in environment.pools}
    pools |= {pool: None for pool, spec in environment.pools.items() if spec.kind == "gpu"}
    cluster = {**small.pop("cluster", {}), "pools": _differing(pools, merged["cluster"]["pools"] if pools else {})}
    return {
        "extends": f"{environment.name}.yaml",
        "name": name,
        "tier": small.pop("tier", environment.tier),
        "expires": expires.isoformat(),
        **small,
        **({"network": network} if network else {}),
        **({"cluster": cluster} if cluster["pools"] or len(cluster) > 1 else {}),
        environment.cloud: {key: value for key, value in account.items() if key in required or key == "owns_account"},
    }


def _differing(wanted: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted values that are not there already."""
    found: dict[str, Any] = {}
    for key, value in wanted.items():
        present = merged.get(key)
        if isinstance(value, Mapping):
            if below := _differing(value, present if isinstance(present, Mapping) else {}):
                found[key] = below
        elif value != present:
            found[key] = value
    return found


def _lines(settings: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """A mapping as YAML in blocks."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml, stream = YAML(), StringIO()
    yaml.width = 4096
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.dump(dict(settings), stream)
    yield from stream.getvalue().splitlines()
