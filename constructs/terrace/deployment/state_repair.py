"""State repair: restore a local state file that a killed run left damaged."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path


def repair_state(state: Path) -> str:
    """Replace a damaged local state by its backup and describe what was done; empty if the state is intact.

    Terraform writes a local state in place: if it is killed at that moment, the file is empty or truncated. The backup
    is the state before that run; what the run created since is found through its log. The damaged file is kept.
    """
    if not state.exists() or _is_state(state):
        return ""
    damaged = state.with_name(f"{state.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    state.replace(damaged)
    backup = state.with_name(f"{state.name}.backup")
    if not _is_state(backup):
        return f"the state file was damaged (moved to {damaged.name}) and has no backup"
    shutil.copyfile(backup, state)
    return f"the state file was damaged (moved to {damaged.name}); restored the backup from before the killed run"


def _is_state(path: Path) -> bool:
    try:
        return "lineage" in json.loads(path.read_text())
    except (OSError, ValueError, TypeError):
        return False
