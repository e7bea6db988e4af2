"""Which Google Cloud credentials this shell has, and the SDK's credentials made of them.

The token and the key that the Terraform provider reads come first, so that reading uses the identity that applied; then
Google's own application default credentials. Source of the names: google provider, "Provider configuration".
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
HINT = f"only a real project needs them: `gcloud auth application-default login`, or {TOKEN}"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEYS = ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON")
_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_EXTRA = ("google.auth", "google.cloud.storage", "googleapiclient")


def require_extra() -> None:
    """UsageError when the SDKs are not installed; they are an extra."""
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
    """Whether there are any, and where. No cloud is asked."""
    try:
        require_extra()
    except TerraceError as error:
        return CredentialStatus("absent", error.message, error.hint)
    if os.environ.get(TOKEN):
        return CredentialStatus("ok", f"from {TOKEN}")
    if name := next((name for name in (*_KEYS, _FILE) if os.environ.get(name)), ""):
        return CredentialStatus("ok", f"from {name}")
    # the metadata address of a machine is left out: asking it takes seconds where there is none
    folder = Path(os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
    if (folder / "application_default_credentials.json").exists():
        return CredentialStatus("ok", "from gcloud's application default login")
    return CredentialStatus("absent", "none found", HINT)


def credentials(variables: Mapping[str, str], project: str) -> "Credentials":
    """The SDK's credentials, which ask in the name of `project`, as the provider does. CredentialsError without any."""
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
    made: Credentials = found.with_quota_project(project) if hasattr(found, "with_quota_project") else found
    return made


def _key(variables: Mapping[str, str]) -> str:
    return next((name for name in _KEYS if variables.get(name)), "")


def _load(written: str) -> Any:
    """Credentials of a key's file, or of what would be in it. ValueError for what is none."""
    from google.oauth2 import credentials as people
    from google.oauth2 import service_account

    try:
        text = written if written.lstrip().startswith("{") else Path(written).expanduser().read_text()
    except OSError as error:
        raise ValueError(f"{written}: {error.strerror}") from error
    described = json.loads(text)
    kinds: dict[str, Any] = {
        "service_account": service_account.Credentials.from_service_account_info,
        "authorized_user": people.Credentials.from_authorized_user_info,
    }
    kind = described.get("type")
    if kind not in kinds:
        raise ValueError(f"a key of type {kind} is not one of {', '.join(kinds)}")
    return kinds[kind](described, scopes=[SCOPE])
