"""Terraform's failures as Terrace errors: those that a command handles in its own way, and `TerraformFailed`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from terrace.capabilities.cloud import Refusal, RefusalReason
from terrace.deployment.events import Diagnostic
from terrace.errors import AnswerIsNo, TerraceError
from terrace.words import ago, counted


class TerraformFailed(TerraceError):
    """Terraform failed. The message lists every error; `diagnostics` holds them."""

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", diagnostics: Sequence[Diagnostic] = ()
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.diagnostics = tuple(diagnostics)


class StateLocked(TerraformFailed):
    """Another run holds the state's lock, or was killed while holding it."""

    exit_code = 1

    def __init__(self, lock: "Lock", diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(
            f"the state is locked: {lock}",
            where=lock.path,
            hint="wait for that run, with --lock-timeout 10m; if it is no longer running, release its lock with "
            f"--unlock {lock.id}",
            diagnostics=diagnostics,
        )
        self.lock = lock


class AlreadyExists(TerraformFailed):
    """Terraform tried to create resources that exist but are not in its state: those at `addresses`."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.addresses = tuple(sorted({d.address for d in diagnostics if d.address and says_already_exists(d)}))
        super().__init__(
            f"resources exist already but are not in the state: {', '.join(self.addresses)}",
            hint="if they belong to this deployment, adopt them with `terrace apply ENV --recover`",
            diagnostics=diagnostics,
        )


class StalePlan(AnswerIsNo):
    """The environment, the stack, a policy or the state has changed since the plan was saved."""


class RegionLeft(AnswerIsNo):
    """Resources in the state are in a region that the environment no longer names, so no provider can delete them."""


class NoCredentials(TerraceError):
    """The cloud rejected the request: the credentials are missing, invalid, expired or for another account."""


class NoStateHome(TerraceError):
    """The bucket or container of the state does not exist."""


@dataclass(frozen=True)
class Lock:
    """A state lock as Terraform describes it. `who` is `user@host`, `created` a UTC time."""

    id: str
    path: str = ""
    operation: str = ""
    who: str = ""
    created: str = ""

    def __str__(self) -> str:
        operation = self.operation.removeprefix("OperationType").lower() or "a run"
        return f"{operation} by {self.who or '?'}, since {self.created or '?'}{self._age()}"

    def _age(self) -> str:
        """ " (3 minutes ago)", or nothing for a time that cannot be read."""
        try:
            taken = datetime.fromisoformat(self.created[:19].replace(" ", "T")).replace(tzinfo=UTC)
        except ValueError:
            return ""
        return f" ({ago(datetime.now(UTC) - taken)})"


# Responses to the creation of a resource that exists. AWS: error codes of the services' API references. Azure: the
# provider's message for every type. Google: the messages of HTTP 409.
_EXISTS = re.compile(
    r"EntityAlreadyExists|AlreadyExists|[Aa]lready exists|BucketAlreadyOwnedByYou|ResourceInUse|ResourceConflict"
    r"|you already own it"
    r"|InvalidPermission\.Duplicate|InvalidGroup\.Duplicate|Duplicate(Listener|LoadBalancerName|TargetGroupName)"
    r"|DuplicateRecord|WAFDuplicateItem|ResourceExists|Resource\.AlreadyAssociated"
    r"|to be managed via Terraform this resource needs to be imported"
)
# Responses to the creation of a resource whose name belongs to a deleted one. Sources: Secrets Manager, CreateSecret;
# Key Vault, "Soft delete"; Cloud Logging, "Manage log buckets".
_DELETED = re.compile(r"scheduled for deletion|deleted (but recoverable )?state|DELETE_REQUESTED")
_DELETED_HINT = "a deleted resource has this name: `terrace plan ENV` names the command that restores it"
_NO_PROVIDER = "Provider configuration not present"
# S3 names are global: this bucket is in another account and must not be imported.
_FOREIGN = re.compile(r"BucketAlreadyExists\b")
_REFUSED: dict[RefusalReason, str] = {
    "missing": "no credentials for the cloud in this shell",
    "refused": "the cloud rejects the credentials in this shell",
    "expired": "the credentials in this shell have expired",
    "elsewhere": "the credentials in this shell are not for the environment's account",
}
_LOCK_LINE = re.compile(r"^\s*(ID|Path|Operation|Who|Created):\s*(.*?)\s*$", re.MULTILINE)


def lock_in(text: str) -> Lock:
    """The lock that Terraform describes in an error."""
    return Lock(**{"id": ""} | {name.lower(): value for name, value in _LOCK_LINE.findall(text)})


def says_already_exists(diagnostic: Diagnostic) -> bool:
    text = f"{diagnostic.summary}\n{diagnostic.detail}"
    if _DELETED.search(text):
        return False
    return bool(_EXISTS.search(text)) and not _FOREIGN.search(text)


def raise_for(
    diagnostics: Sequence[Diagnostic],
    *,
    action: str,
    construct: Callable[[str], str] = lambda address: "",
    refusals: Sequence[Refusal] = (),
) -> NoReturn:
    """Raise the error that fits `diagnostics`; never returns.

    `construct` returns the construct path of an address, `refusals` are the cloud's patterns for rejected requests.
    """
    errors = [d for d in diagnostics if d.severity == "error"]
    for error in errors:
        if "state lock" in error.summary.lower() or "acquiring the state lock" in error.detail.lower():
            raise StateLocked(lock_in(error.detail), errors)
        if "Saved plan is stale" in error.summary or "saved plan is stale" in error.detail.lower():
            raise StalePlan(
                "the saved plan is stale: the state has changed since the plan was made",
                hint="plan again with `terrace plan ENV`",
            )
        refusal, matched = _refusal(error, refusals)
        if refusal and refusal.reason == "no state home":
            if not error.address:  # otherwise of a resource, which may refer to a bucket too
                raise NoStateHome(f"the home of the state does not exist ({matched})", hint=refusal.hint)
            continue
        if refusal and refusal.reason != "denied":
            raise NoCredentials(
                f"{_REFUSED[refusal.reason]} ({matched})",
                hint=f"{refusal.hint}; `terrace doctor` checks the credentials",
            )
    if left := [error for error in errors if error.summary == _NO_PROVIDER]:
        raise RegionLeft(
            f"the environment no longer names the region of {counted(len(left), 'resource')} of the deployment",
            hint="set `recovery_region` again; to leave the region, first remove what is in it from the state with "
            "`terrace state rm`, and delete it by hand",
        )
    if any(says_already_exists(error) and error.address for error in errors):
        raise AlreadyExists(errors)
    found = (_refusal(error, refusals)[0] for error in errors)
    hints = dict.fromkeys(refusal.hint for refusal in found if refusal and refusal.reason == "denied")
    if any(_DELETED.search(f"{error.summary}\n{error.detail}") for error in errors):
        hints[_DELETED_HINT] = None
    raise TerraformFailed(
        f"Terraform could not {action}: {_error_text(errors, construct)}"
        if errors
        else f"Terraform could not {action}",
        hint="; ".join(hints) if errors else "see the log file for its output",
        diagnostics=errors,
    )


def _refusal(error: Diagnostic, refusals: Sequence[Refusal]) -> tuple[Refusal | None, str]:
    """The first refusal whose pattern matches the error, and the matched text."""
    text = f"{error.summary}\n{error.detail}"
    for refusal in refusals:
        if match := re.search(refusal.pattern, text):
            return refusal, match[0]
    return None, ""


def _error_text(errors: Sequence[Diagnostic], construct: Callable[[str], str]) -> str:
    """All errors, each with its resource and construct; several are indented, one a line."""
    lines = []
    for error in errors:
        location = error.address or error.where
        path = construct(error.address) if error.address else ""
        text = error.summary.strip()
        detail = " ".join(line.strip() for line in error.detail.splitlines() if line.strip())
        if detail and detail not in text:
            text = f"{text}: {detail}" if text else detail
        lines.append(f"{location}{f' ({path})' if path else ''}: {text}" if location else text)
    unique = list(dict.fromkeys(lines))
    return unique[0] if len(unique) == 1 else "\n" + "\n".join(f"  {line}" for line in unique)
