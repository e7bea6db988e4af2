"""What `terrace verify --json` read of a deployment, as a report takes it."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from terrace.assurance.guarantees import BY_ID
from terrace.errors import UsageError

_HINT = "`terrace verify ENV --json` writes one"


class LiveResult(BaseModel):
    """One guarantee as it was read back. See terrace.live.Result."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    guarantee: str
    status: Literal["holds", "broken", "unknown", "not_applicable"]
    evidence: str
    resource: str = ""
    reason: str = ""


class LiveDeployment(BaseModel):
    """One deployment as it was read back."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    environment: str
    cloud: str
    guarantees: tuple[LiveResult, ...]


def read(path: Path) -> LiveDeployment:
    """A file of `terrace verify --json`. Raises UsageError for what is none."""
    try:
        deployment = LiveDeployment.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path), hint=_HINT) from error
    except ValidationError as error:
        fault = error.errors()[0]
        named = ".".join(str(word) for word in fault["loc"])
        message = f"{named}: {fault['msg']}" if named else str(fault["msg"])
        raise UsageError(f"this is no live evidence: {message}", where=str(path), hint=_HINT) from error
    ids = [row.guarantee for row in deployment.guarantees]
    wrong = sorted({id for id in ids if id not in BY_ID or ids.count(id) > 1})
    if wrong:
        raise UsageError(f"not in the table of guarantees, or there twice: {', '.join(wrong)}", where=str(path))
    return deployment
