"""Live evidence: the output of `terrace verify --json`, as a report reads it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from terrace.assurance import aliases
from terrace.assurance.guarantees import BY_ID
from terrace.assurance.report.scans import Scans
from terrace.errors import UsageError

_HINT = "write it with `terrace verify ENV --json`"


class LiveResult(BaseModel):
    """One guarantee on a live deployment. `status` may be an old word (see aliases.STATUSES)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    guarantee: str
    status: Annotated[
        Literal["holds", "broken", "unproven", "not_required", "excepted", "prepared", "by_owner"],
        BeforeValidator(lambda status: aliases.STATUSES.get(status, status) if isinstance(status, str) else status),
    ]
    evidence: str
    resource: str = ""
    reason: str = ""


class LiveDeployment(BaseModel):
    """The results of one live deployment, and the scans in its cluster if they were read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    environment: str
    cloud: str
    guarantees: tuple[LiveResult, ...]
    scans: Scans | None = None


def read(path: Path) -> LiveDeployment:
    """Read a file of `terrace verify --json`. Raises UsageError if it is not one."""
    try:
        deployment = LiveDeployment.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path), hint=_HINT) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = f"{key}: {first['msg']}" if key else str(first["msg"])
        raise UsageError(
            f"not the output of `terrace verify --json`: {message}", where=str(path), hint=_HINT
        ) from error
    ids = [row.guarantee for row in deployment.guarantees]
    wrong = sorted({id for id in ids if id not in BY_ID or ids.count(id) > 1})
    if wrong:
        raise UsageError(f"unknown or repeated guarantees: {', '.join(wrong)}", where=str(path))
    return deployment
