"""Calls to a cloud's API: the credentials of this shell, and errors as sentences with a hint. One file a cloud; the
SDKs of Azure and Google Cloud are extras and imported on first use.
"""

from dataclasses import dataclass
from typing import Literal

from terrace.errors import TerraceError


class Absent(TerraceError):
    """A resource that the caller needs does not exist; the message names it."""


class Unreadable(TerraceError):
    """One call failed: not allowed, throttled, unreachable, or not supported by an emulator."""


class CredentialsError(TerraceError):
    """The cloud does not accept the credentials. Every other call would fail for the same reason."""


@dataclass(frozen=True)
class CredentialStatus:
    """Whether credentials of a cloud are available, and their source (`detail`); they are neither tested nor shown.

    `terrace.calls.<cloud>.look()` returns it; `hint` is how to get some.
    """

    status: Literal["ok", "absent"]
    detail: str
    hint: str = ""
