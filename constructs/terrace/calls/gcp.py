"""The Google Cloud credentials of this shell, as the SDK's, and the errors of Google's clients as sentences.

The token and the key that the Terraform provider reads come first, so that reading uses the identity of the apply; then
Google's application default credentials. Source of the names: google provider, "Provider configuration".
"""

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace import distribution
from terrace.calls import Absent, CredentialsError, CredentialStatus, Unreadable
from terrace.errors import TerraceError, UsageError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport.requests import AuthorizedSession

TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"
HINT = f"for a real project, run `gcloud auth application-default login`, or set {TOKEN}"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEYS = ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON")
_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_EXTRA = ("google.auth", "google.cloud.storage", "googleapiclient")
SECONDS = 30
"""The limit of one request."""
_TRIES = 3
_ANY_HOST = "https://compute.googleapis.com"
_THROTTLED = ("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "quotaExceeded")


class Denied(Unreadable):
    """The identity may not read it, or no project has this name: Google returns the same error."""


class Off(Absent):
    """The service is not enabled in the project."""


def require_extra() -> None:
    """Raise UsageError if the SDKs, which are an extra, are not installed."""
    for name in _EXTRA:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise UsageError(
                f"reading Google Cloud needs {name}, which is not installed", hint=distribution.install("gcp")
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


def open_session(variables: Mapping[str, str], project: str) -> "AuthorizedSession":
    """An HTTP session with the credentials, proxy and certificates that `variables` name."""
    from google.auth.transport.requests import AuthorizedSession
    from requests.adapters import HTTPAdapter
    from requests.utils import should_bypass_proxies
    from urllib3.util import Retry

    made = AuthorizedSession(credentials(variables, project))  # type: ignore[no-untyped-call]
    retry = Retry(
        total=_TRIES,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,
        backoff_factor=0.5,
        raise_on_status=False,
    )
    made.mount("https://", HTTPAdapter(max_retries=retry))
    made.trust_env = False
    proxies = {
        scheme: proxy
        for scheme in ("http", "https")
        if (proxy := variables.get(f"{scheme.upper()}_PROXY") or variables.get(f"{scheme}_proxy"))
    }
    no_proxy = variables.get("NO_PROXY") or variables.get("no_proxy")
    made.proxies = {} if no_proxy and should_bypass_proxies(_ANY_HOST, no_proxy=no_proxy) else proxies
    made.verify = variables.get("REQUESTS_CA_BUNDLE") or variables.get("SSL_CERT_FILE") or True
    return made


def objects(project: str, session: "AuthorizedSession") -> Any:
    """Google's client for objects, with the session's credentials."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return storage.Client(project=project, credentials=anonymous, _http=session)


class Refused(Exception):
    """The error of a service without a client."""

    def __init__(self, code: int, body: str) -> None:
        super().__init__(body)
        self.code, self.body = code, body


@contextmanager
def explained(service: str, method: str) -> Iterator[None]:
    """Convert the errors of Google's clients to CredentialsError, Unreadable or Absent."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
    from googleapiclient.errors import HttpError
    from requests import RequestException

    call = f"{service.partition('/')[0]}.{method}"
    try:
        yield
    except HttpError as error:
        raise _sentence(int(error.resp.status), error.content.decode(errors="replace"), call) from error
    except Refused as error:
        raise _sentence(error.code, error.body, call) from error
    except GoogleAPICallError as error:
        reasons = [str(one.get("reason", "")) for one in error.errors if isinstance(one, dict)]
        body = json.dumps({"error": {"message": error.message, "errors": [{"reason": one} for one in reasons]}})
        raise _sentence(int(error.code or 0), body, call) from error
    except RefreshError as error:
        raise _refused_credentials(_first_line(str(error)), call) from error
    except (RequestException, TransportError) as error:
        raise Unreadable(
            f"Google Cloud did not respond: {_first_line(str(error))}",
            where=call,
            hint="check the network and HTTPS_PROXY",
        ) from error
    except GoogleAuthError as error:
        raise _refused_credentials(_first_line(str(error)), call) from error


def _sentence(code: int, body: str, call: str) -> TerraceError:
    """An error by its status. Source of its shape: AIP-193, and Cloud Storage's older one."""
    message, reasons = _details(body)
    if code == 401:
        return _refused_credentials(message, call)
    if code == 404:
        return Absent(message, where=call)
    if code == 429 or (code == 403 and any(reason in _THROTTLED for reason in reasons)):
        return Unreadable(
            f"Google Cloud throttled the request: {message}", where=call, hint="wait a minute and try again"
        )
    if code == 403 and ("SERVICE_DISABLED" in reasons or "it is disabled" in message):
        service = f"{call.partition('.')[0]}.googleapis.com"
        return Off(f"{service} is not enabled", where=call, hint=f"`gcloud services enable {service}`")
    if code == 403:
        return Denied(f"not allowed: {message}", where=call, hint=f"the identity needs a role with {call}")
    if code >= 500:
        return Unreadable(f"Google Cloud failed ({code}): {message}", where=call, hint="wait and try again")
    return Unreadable(f"{code}: {message}", where=call)


def _details(body: str) -> tuple[str, list[str]]:
    """Message and reasons of an error's body."""
    try:
        error = json.loads(body)["error"]
        details = [*error.get("errors", []), *error.get("details", [])]
        reasons = [str(one["reason"]) for one in details if isinstance(one, dict) and "reason" in one]
        return _first_line(str(error.get("message") or "no reason given")), reasons
    except (ValueError, KeyError, TypeError, AttributeError):
        return _first_line(body) or "no reason given", []


def _refused_credentials(message: str, call: str) -> CredentialsError:
    return CredentialsError(
        f"Google Cloud does not accept the credentials: {message}",
        where=call,
        hint=f"log in again (`gcloud auth application-default login`), or renew {TOKEN}",
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
