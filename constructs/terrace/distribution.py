"""The distribution: its name, the documentation of its version, its extras and the line that installs one."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

from terrace import __version__
from terrace.errors import UsageError

DISTRIBUTION = "terrace-platform"
"""The name in a package index; the package and the command are `terrace`."""

_DOCUMENTATION = "https://terrace.example.com"

_OTHER_NAMES = {
    "azure": "azure-identity",
    "botocore": "boto3",
    "cel_expr_python": "cel-expr-python",
    "detect_secrets": "bc-detect-secrets",
    "google": "google-auth",
    "googleapiclient": "google-api-python-client",
    "jsii": "cdktn",
    "kubernetes_validate": "kubernetes-validate",
    "policy_sentry": "checkov",
    "trestle": "compliance-trestle",
    "yaml": "pyyaml",
}
"""Packages whose distribution has another name, or that a distribution of an extra brings."""


class MissingExtra(UsageError):
    """A command needs an extra that is not installed."""


def documentation(page: str = "README.md") -> str:
    """The address of a page of docs/ for the running version."""
    return f"{_DOCUMENTATION}/{__version__}/{page}"


def install(extra: str) -> str:
    """The command that installs an extra of the running version."""
    return f"pip install '{DISTRIBUTION}[{extra}]=={__version__}'"


@cache
def extras() -> dict[str, tuple[str, ...]]:
    """The distributions of each extra, from the metadata; without the extra `dev` and those that unite others.

    None in a checkout that is on the path and not installed.
    """
    found: dict[str, list[str]] = {}
    try:
        requirements = requires(DISTRIBUTION) or ()
    except PackageNotFoundError:
        requirements = ()
    for requirement in requirements:
        if match := re.match(r"([A-Za-z0-9._-]+).*extra == ['\"]([\w-]+)['\"]", requirement):
            found.setdefault(match[2], []).append(match[1])
    return {
        name: tuple(distributions)
        for name, distributions in found.items()
        if name != "dev" and DISTRIBUTION not in distributions
    }


def missing(extra: str) -> tuple[str, ...]:
    """The distributions of an extra that are not installed."""
    return tuple(name for name in extras().get(extra, ()) if not _installed(name))


def require(extra: str, purpose: str) -> None:
    """Raise MissingExtra, with the line that installs it, if an extra that `purpose` needs is not installed."""
    if lacking := missing(extra):
        raise MissingExtra(f"{purpose} needs {lacking[0]}, which is not installed", hint=install(extra))


def lacking(error: ModuleNotFoundError, purpose: str = "the command", extra: str = "") -> MissingExtra | None:
    """The error to show for a failed import, if the package belongs to an extra; `extra` is preferred of several."""
    package = (error.name or "").partition(".")[0]
    distribution = _OTHER_NAMES.get(package, package.replace("_", "-"))
    having = [name for name, distributions in extras().items() if distribution in distributions]
    if not having:
        return None
    chosen = extra if extra in having else having[0]
    return MissingExtra(f"{purpose} needs {package}, which is not installed", hint=install(chosen))


def _installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
