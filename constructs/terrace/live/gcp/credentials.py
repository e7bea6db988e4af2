"""The Google Cloud credentials of this shell, as the SDK's credentials.

The token and the key that the Terraform provider reads come first, so that reading uses the identity of the apply; then
Google's application default credentials. Source of the names: google provider, "Provider configuration".
"""

import importlib.util
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace.assurance.evaluation import CredentialsError
from terrace.errors import TerraceError, UsageError
from terrace.live import CredentialStatus

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"
HINT = f"for a real project, run `gcloud auth application-default login`, or set {TOKEN}"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEYS = ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON")
_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_EXTRA = ("google.auth", "google.cloud.storage", "googleapiclient")


def require_extra() -> None:
    """Raise UsageError if the SDKs, which are an extra, are not installed."""
    for name in _EXTRA:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise UsageError(
                f"reading Google Cloud needs {name}, which is not installed", hint="pip install 'terrace[gcp]'"
            )


def look() -> CredentialStatus:
    """Whether there are any, and where, without a call to Google."""
    try:
        require_extra()
    except TerraceError as error:
        return CredentialStatus("absent", error.message, error.hint)
    if os.environ.get(TOKEN):
        return CredentialStatus("ok", f"from {TOKEN}")
    if name := next((name for name in (*_KEYS, _FILE) if os.environ.get(name)), ""):
        return CredentialStatus("ok", f"from {name}")
    # without the metadata server: a call to a missing one takes seconds
    folder = Path(os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
    if (folder / "application_default_credentials.json").exists():
        return CredentialStatus("ok", "from gcloud's application default login")
    return CredentialStatus("absent", "none found", HINT)


def credentials(variables: Mapping[str, str], project: str) -> "Credentials":
    """The SDK's credentials with `project` as quota project, as the provider has it. Raises CredentialsError."""
    require_extra()
    import google.auth
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2.credentials import Credentials as Token

    if token := variables.get(TOKEN):
        return Token(token, quota_project_id=project)  # type: ignore[no-untyped-call]
    try:
        if name := _key(variables):
            found: Any = _load(variables[name])
        else:
            found, _ = google.auth.default(scopes=[SCOPE])
    except (GoogleAuthError, ValueError) as error:
        raise CredentialsError(
            f"no Google Cloud credentials: {str(error).partition('. ')[0]}",
            hint=f"log in (`gcloud auth application-default login`), or set {TOKEN} or GOOGLE_APPLICATION_CREDENTIALS",
        ) from error
    scoped: Credentials = found.with_quota_project(project) if hasattr(found, "with_quota_project") else found
    return scoped


def _key(variables: Mapping[str, str]) -> str:
    return next((name for name in _KEYS if variables.get(name)), "")


def _load(written: str) -> Any:
    """Credentials from a key file or its content. Raises ValueError for anything else."""
    from google.oauth2 import credentials as user_credentials
    from google.oauth2 import service_account

    try:
        text = written if written.lstrip().startswith("{") else Path(written).expanduser().read_text()
    except OSError as error:
        raise ValueError(f"{written}: {error.strerror}") from error
    described = json.loads(text)
    kinds: dict[str, Any] = {
        "service_account": service_account.Credentials.from_service_account_info,
        "authorized_user": user_credentials.Credentials.from_authorized_user_info,
    }
    kind = described.get("type")
    if kind not in kinds:
        raise ValueError(f"a key of type {kind} is not one of {', '.join(kinds)}")
    return kinds[kind](described, scopes=[SCOPE])
