"""The source of Terraform's providers: the registry, a mirror that the user named, or one found on this machine.

A mirror is a folder in Terraform's layout, `registry.terraform.io/<namespace>/<name>/...`. Terraform gets it through a
CLI configuration with only a `filesystem_mirror` block: with a `direct` block as well, `init` fails without a network.
There is no plugin cache: parallel `init` runs that write to one fail with "text file busy".
"""

import json
import os
import threading
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from terrace.errors import TerraceError, UsageError
from terrace.variables import PROVIDER_MIRROR

PROBE_SECONDS = 3.0


class NoProviders(TerraceError):
    """The registry is unreachable and no mirror has the providers."""


@dataclass(frozen=True)
class ProviderSource:
    """The chosen source and the reason. `path` is the mirror's folder or the user's configuration file."""

    kind: Literal["registry", "mirror", "configuration"]
    reason: str
    path: Path | None = None

    def __str__(self) -> str:
        match self.kind:
            case "registry":
                return "providers from the registry"
            case "mirror":
                return f"providers from the mirror {self.path} ({self.reason})"
            case "configuration":
                return f"providers as configured in {self.path}"

    def variables(self, directory: Path) -> dict[str, str]:
        """Environment variables for Terraform. Writes the CLI configuration of a mirror to `directory`."""
        if self.kind == "mirror" and self.path is not None:
            directory.mkdir(parents=True, exist_ok=True)
            file = directory / "terraform-cli.json"
            content = {"provider_installation": [{"filesystem_mirror": [{"path": str(self.path)}]}]}
            text = json.dumps(content, indent=2) + "\n"
            if not file.is_file() or file.read_text() != text:
                scratch = file.with_suffix(f".{os.getpid()}")
                scratch.write_text(text)
                scratch.replace(file)
            return {"TF_CLI_CONFIG_FILE": str(file)}
        return {"TF_CLI_CONFIG_FILE": str(self.path)} if self.path is not None else {}


def choose(
    *,
    requested: Path | None = None,
    providers: Iterable[str] = (),
    host: str = "registry.terraform.io",
    environ: Mapping[str, str] = os.environ,
    folders: Iterable[Path] | None = None,
) -> ProviderSource:
    """The source for `providers` ("hashicorp/aws").

    Order: `requested`, TERRACE_PROVIDER_MIRROR, the user's Terraform configuration, the registry if it is reachable, a
    mirror among `folders` (default: `implied_folders`). Raises UsageError for a named folder that is not a mirror,
    NoProviders if there is no source.
    """
    required = sorted({provider.removeprefix(f"{host}/") for provider in providers})
    named = requested or (Path(value) if (value := PROVIDER_MIRROR.read(environ)) else None)
    if named is not None:
        named = named.expanduser().resolve()
        if reason := _not_a_mirror(named, host, required):
            raise UsageError(
                f"not a provider mirror: {reason}",
                where=str(named),
                hint=f"name the folder that contains {host}/; `terraform providers mirror DIR` creates one",
            )
        return ProviderSource("mirror", "as requested", named)
    if configuration := _user_configuration(environ):
        return ProviderSource("configuration", "the user's configuration", configuration)
    if _registry_is_reachable(host, environ.get("HTTPS_PROXY") or environ.get("https_proxy") or ""):
        return ProviderSource("registry", "it is reachable")
    for folder in folders if folders is not None else implied_folders(environ):
        if not _not_a_mirror(folder, host, required):
            return ProviderSource("mirror", f"{host} is unreachable", folder)
    raise NoProviders(
        f"{host} is unreachable, and no mirror on this machine has {', '.join(required) or 'the providers'}",
        hint="run `terraform providers mirror DIR` on a machine with network access, copy DIR here and name it with "
        "--provider-mirror DIR or TERRACE_PROVIDER_MIRROR",
    )


def implied_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Folders that may be a mirror: Terraform's implied ones, then each folder directly in /opt and /srv.

    Source: Terraform documentation, "CLI configuration file", implied local mirror directories.
    """
    home = Path(environ.get("HOME", "") or Path.home())
    data_home = Path(environ.get("XDG_DATA_HOME", "") or home / ".local/share")
    data_dirs = (environ.get("XDG_DATA_DIRS", "") or "/usr/local/share:/usr/share").split(":")
    folders = [Path("terraform.d/plugins").resolve(), home / ".terraform.d/plugins"]
    folders += [
        home / "Library/Application Support/io.terraform/plugins",
        Path("/Library/Application Support/io.terraform/plugins"),
    ]
    folders += [data_home / "terraform/plugins", *(Path(entry) / "terraform/plugins" for entry in data_dirs if entry)]
    for parent in (Path("/opt"), Path("/srv")):
        try:
            folders += sorted(entry for entry in parent.iterdir() if entry.is_dir())
        except OSError:
            continue
    return folders


def _not_a_mirror(folder: Path, host: str, providers: list[str]) -> str:
    """Why `folder` cannot be the mirror of `providers`; empty if it can."""
    if not (folder / host).is_dir():
        return f"it has no folder {host}/"
    missing = [provider for provider in providers if not (folder / host / provider).is_dir()]
    if missing:
        return f"it does not contain {', '.join(missing)}"
    for provider in providers:
        for part in (folder / host, (folder / host / provider).parent, folder / host / provider):
            if part.is_symlink():
                return f"{part} is a symbolic link, which Terraform does not follow at this level"
    return ""


def _user_configuration(environ: Mapping[str, str]) -> Path | None:
    """The user's CLI configuration: one that a variable names, or ~/.terraformrc if it configures providers."""
    for variable in ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"):
        if (path := environ.get(variable)) and Path(path).is_file():
            return Path(path)
    default = Path(environ.get("HOME", "") or Path.home()) / ".terraformrc"
    try:
        return default if "provider_installation" in default.read_text() else None
    except (OSError, UnicodeDecodeError):
        return None


@cache
def _registry_is_reachable(host: str, proxy: str) -> bool:
    """Whether the registry responds, tested once per process. In a thread, because name resolution has no timeout."""
    responses: list[bool] = []

    def request() -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy} if proxy else {}))
        try:
            with opener.open(f"https://{host}/.well-known/terraform.json", timeout=PROBE_SECONDS) as response:
                responses.append(response.status == 200)
        except (OSError, ValueError):
            responses.append(False)

    probe = threading.Thread(target=request, daemon=True)
    probe.start()
    probe.join(PROBE_SECONDS)
    return bool(responses and responses[0])
