"""What Terraform says when it fails, told as Terrace errors: the kinds that the command treats in its own way, and
the rest.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from terrace.capabilities.cloud import Refusal, RefusalReason
from terrace.deployment.events import Diagnostic
from terrace.errors import AnswerIsNo, TerraceError


class TerraformFailed(TerraceError):
    """Terraform said no. Carries every error it gave, the first one as the message."""

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", diagnostics: Sequence[Diagnostic] = ()
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.diagnostics = tuple(diagnostics)


class StateLocked(TerraformFailed):
    """Somebody else holds the state's lock, or died while holding it."""

    def __init__(self, lock: "Lock", diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(
            f"the state is locked: {lock}",
            where=lock.path,
            hint="if that run is still at work, wait for it; if it is dead, release its lock with --unlock " + lock.id,
            diagnostics=diagnostics,
        )
        self.lock = lock


class AlreadyExists(TerraformFailed):
    """Terraform wanted to create what exists already, and has no state of it. `addresses` are the resources."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.addresses = tuple(sorted({d.address for d in diagnostics if d.address and says_it_exists(d)}))
        super().__init__(
            f"{len(self.addresses)} resources exist already but are not in the state: {', '.join(self.addresses)}",
            hint="if they belong to this deployment, adopt them with `terrace apply ENV --recover`",
            diagnostics=diagnostics,
        )


class StalePlan(AnswerIsNo):
    """The saved plan was made for something that has changed since."""


class NoCredentials(TerraceError):
    """The cloud was asked without credentials that it accepts."""


@dataclass(frozen=True)
class Lock:
    """Who holds a state's lock, in Terraform's words. `who` is `user@host`, `created` a UTC time."""

    id: str
    path: str = ""
    operation: str = ""
    who: str = ""
    created: str = ""

    def __str__(self) -> str:
        doing = self.operation.removeprefix("OperationType").lower() or "a run"
        return f"{doing} by {self.who or '?'}, since {self.created or '?'}"


# What the clouds answer to a create when the thing is there. AWS: error codes of the services' API references. Azure:
# what the provider says for every type. Google: HTTP 409, of a bucket that it is one's own.
_EXISTS = re.compile(
    r"EntityAlreadyExists|AlreadyExists|[Aa]lready exists|BucketAlreadyOwnedByYou|ResourceInUse|ResourceConflict"
    r"|you already own it"
    r"|InvalidPermission\.Duplicate|InvalidGroup\.Duplicate|Duplicate(Listener|LoadBalancerName|TargetGroupName)"
    r"|DuplicateRecord|WAFDuplicateItem|ResourceExists|Resource\.AlreadyAssociated"
    r"|to be managed via Terraform this resource needs to be imported"
)
# S3 names are global: this one is somebody else's, and importing it would be wrong.
_FOREIGN = re.compile(r"BucketAlreadyExists\b")
_REFUSED: dict[RefusalReason, str] = {
    "missing": "there are no credentials for the cloud in this shell",
    "refused": "the cloud does not accept the credentials in this shell",
    "expired": "the credentials in this shell have expired",
    "elsewhere": "the credentials in this shell are not for the environment's account",
}
_LOCK_LINE = re.compile(r"^\s*(ID|Path|Operation|Who|Created):\s*(.*?)\s*$", re.MULTILINE)
_WITH = re.compile(r"^\s*with ([\w.\[\]\"-]+),?$", re.MULTILINE)


def says_it_exists(diagnostic: Diagnostic) -> bool:
    text = f"{diagnostic.summary}\n{diagnostic.detail}"
    return bool(_EXISTS.search(text)) and not _FOREIGN.search(text)


def raise_for(
    diagnostics: Sequence[Diagnostic],
    *,
    doing: str,
    construct: Callable[[str], str] = lambda address: "",
    refusals: Sequence[Refusal] = (),
) -> None:
    """Raise the error that `diagnostics` amount to; `construct` gives an address's construct path, `refusals` are how
    the cloud turns people away. Never returns normally.
    """
    errors = [d for d in diagnostics if d.severity == "error"]
    for error in errors:
        if "state lock" in error.summary.lower() or "acquiring the state lock" in error.detail.lower():
            fields = {name.lower(): value for name, value in _LOCK_LINE.findall(error.detail)}
            raise StateLocked(Lock(**{"id": ""} | fields), errors)
        if "Saved plan is stale" in error.summary or "saved plan is stale" in error.detail.lower():
            raise StalePlan(
                "the saved plan is stale: the state has changed since it was made",
                hint="plan again: `terrace plan ENV`",
            )
        refusal, said = _refusal(error, refusals)
        if refusal and refusal.reason != "denied":
            raise NoCredentials(
                f"{_REFUSED[refusal.reason]} ({said})", hint=f"{refusal.hint}; `terrace doctor` shows what is there"
            )
    if any(says_it_exists(error) and error.address for error in errors):
        raise AlreadyExists(errors)
    denied = dict.fromkeys(refusal.hint for error in errors if (refusal := _refusal(error, refusals)[0]))
    raise TerraformFailed(
        f"Terraform could not {doing}: {_told(errors, construct)}" if errors else f"Terraform could not {doing}",
        hint="; ".join(denied) if errors else "the log file has what it wrote",
        diagnostics=errors,
    )


def _refusal(error: Diagnostic, refusals: Sequence[Refusal]) -> tuple[Refusal | None, str]:
    """How the cloud refused, if it did, and the words that say so."""
    text = f"{error.summary}\n{error.detail}"
    for refusal in refusals:
        if match := re.search(refusal.pattern, text):
            return refusal, match[0]
    return None, ""


def _told(errors: Sequence[Diagnostic], construct: Callable[[str], str]) -> str:
    """All errors, each with its resource and construct, as indented lines when there are several."""
    told = []
    for error in errors:
        place = error.address or error.where
        path = construct(error.address) if error.address else ""
        text = error.summary.strip()
        detail = " ".join(line.strip() for line in error.detail.splitlines() if line.strip())
        if detail and detail not in text:
            text = f"{text}: {detail}" if text else detail
        told.append(f"{place}{f' ({path})' if path else ''}: {text}" if place else text)
    unique = list(dict.fromkeys(told))
    return unique[0] if len(unique) == 1 else "\n" + "\n".join(f"  {line}" for line in unique)
