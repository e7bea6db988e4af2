"""Secrets in what the commands print about their progress: replaced before anything reaches standard error.

Two kinds are known: the values of this process's environment variables whose name says that they are secret, and texts
with the shape of a credential. A secret of another shape that is in no variable is not found; Terraform itself hides
the values that a stack marks as sensitive.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

REPLACED = "(sensitive)"
_SHORTEST = 6  # characters; shorter values ("1", "true", "none") would garble every message
_NAMES = re.compile(
    r"SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE_KEY|ACCESS_KEY$|API_KEY|SAS\b|CONNECTION_STRING|AUTH_HEADER|_PAT$",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"(_FILE|_PATH|_DIR|_URL|_URI|_ENDPOINT|_ID)$", re.IGNORECASE)
# Sources of the shapes: GitHub, "About authentication to GitHub" (prefixes); GitLab, "Token overview" (prefixes);
# RFC 7519 (a JSON Web Token begins with {" in base64url); RFC 7468 (PEM); Google Cloud, "Token types" (ya29.); Azure
# Storage, "Create a service SAS" (sig=); RFC 6750 (Bearer); RFC 3986, 3.2.1 (a password in a URL).
_SHAPES = tuple(
    re.compile(pattern)
    for pattern in (
        r"()-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        r"()\bey[JK][A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}",
        r"()\b(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl[a-z]{2,5}-[A-Za-z0-9_.-]{20,})",
        r"()\bya29\.[A-Za-z0-9_-]{20,}",
        r"()\bGOCSPX-[A-Za-z0-9_-]{20,}",
        r"([?&]sig=)[A-Za-z0-9%+/=]{20,}",
        r"(\b[Bb]earer\s+)[A-Za-z0-9._~+/-]{8,}=*",
        r"(://[^\s:/@]*:)[^\s@/]+(?=@)",
        r"(?i)(\b[\w.-]*(?:password|passwd|secret_?(?:access_?)?key|client_?secret|api_?key|access_?token|session_?token)"
        r"\"?\s*[=:]\s*\"?)(?!\s|\"|\(sensitive)[^\s\"',;]{3,}",
    )
)


def redacted(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text with every known secret replaced."""
    for value in sorted(_values(environ), key=len, reverse=True):
        text = text.replace(value, REPLACED)
    for shape in _SHAPES:
        text = shape.sub(rf"\1{REPLACED}", text)
    return text


def _values(environ: Mapping[str, str]) -> Iterator[str]:
    """The secret values of variables: as they are, each line, each text in JSON, and as JSON writes them."""
    for name, value in environ.items():
        if not _NAMES.search(name) or _NOT_SECRET.search(name) or _is_path(value):
            continue
        for part in {value, *value.splitlines(), *_texts(value)}:
            for written in (part.strip(), json.dumps(part.strip())[1:-1]):
                if len(written) >= _SHORTEST:
                    yield written


def _texts(value: str) -> Iterator[str]:
    """The texts of a JSON object, such as the key of a service account, that are long enough to be a secret."""
    try:
        document = json.loads(value)
    except ValueError:
        return
    for name, text in document.items() if isinstance(document, dict) else ():
        if isinstance(text, str) and _NAMES.search(name):
            yield text
            yield from text.splitlines()


def _is_path(value: str) -> bool:
    try:
        return value.startswith(("/", "~", ".")) and Path(value).expanduser().exists()
    except (OSError, RuntimeError):  # too long for a path, or no home
        return False
