"""Where Terraform takes its providers from: the registry, a mirror that was asked for, or one found on this machine.

A mirror is a folder in Terraform's own layout, `registry.terraform.io/<namespace>/<name>/...`. It is handed to
Terraform through a CLI configuration that holds only a `filesystem_mirror` block: with a `direct` block beside it,
`init` without a network fails. No plugin cache is set up: parallel `init` runs that write to one fail with "text file
busy".
"""

import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from terrace.errors import TerraceError, UsageError

PROBE_SECONDS = 3.0


class NoProviders(TerraceError):
    """Neither the registry nor a mirror can serve the providers."""


@dataclass(frozen=True)
class ProviderSource:
    """The source taken, and why. `path` is the mirror's folder, or the user's configuration file."""

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
                return f"providers as {self.path} says"

    def variables(self, directory: Path) -> dict[str, str]:
        """What to set for Terraform. Writes the CLI configuration for a mirror into `directory`."""
        if self.kind == "mirror" and self.path is not None:
            directory.mkdir(parents=True, exist_ok=True)
            written = directory / "terraform-cli.json"
            content = {"provider_installation": [{"filesystem_mirror": [{"path": str(self.path)}]}]}
            text = json.dumps(content, indent=2) + "\n"
            if not written.is_file() or written.read_text() != text:
                scratch = written.with_suffix(f".{os.getpid()}")
                scratch.write_text(text)
                scratch.replace(written)
            return {"TF_CLI_CONFIG_FILE": str(written)}
        return {"TF_CLI_CONFIG_FILE": str(self.path)} if self.path is not None else {}


def choose(
    *,
    requested: Path | None = None,
    providers: Iterable[str] = (),
    host: str = "registry.terraform.io",
    environ: Mapping[str, str] = os.environ,
    roots: Iterable[Path] | None = None,
) -> ProviderSource:
    """The source to take for `providers` ("hashicorp/aws").

    Order: `requested`, TERRACE_PROVIDER_MIRROR, the user's own Terraform configuration, the registry if it answers, a
    mirror among `roots` (by default Terraform's implied folders and one level below /opt and /srv). Raises UsageError
    for a requested folder that is no mirror, NoProviders when nothing is left.
    """
    wanted = sorted({provider.removeprefix(f"{host}/") for provider in providers})
    asked = requested or (Path(value) if (value := environ.get("TERRACE_PROVIDER_MIRROR")) else None)
    if asked is not None:
        asked = asked.expanduser().resolve()
        if missing := _missing(asked, host, wanted):
            raise UsageError(
                f"this is no provider mirror: {missing}",
                where=str(asked),
                hint=f"name the folder that holds {host}/; `terraform providers mirror DIR` makes one",
            )
        return ProviderSource("mirror", "as asked", asked)
    if configured := _user_configuration(environ):
        return ProviderSource("configuration", "the user's own", configured)
    if _registry_answers(host, environ.get("HTTPS_PROXY") or environ.get("https_proxy") or ""):
        return ProviderSource("registry", "it answers")
    for candidate in roots if roots is not None else implied_folders(environ):
        if not _missing(candidate, host, wanted):
            return ProviderSource("mirror", f"{host} is out of reach", candidate)
    listed = ", ".join(wanted) or "the providers"
    raise NoProviders(
        f"{host} is out of reach, and no mirror on this machine holds {listed}",
        hint="on a machine with network run `terraform providers mirror DIR`, copy DIR here and name it with "
        "--provider-mirror DIR or TERRACE_PROVIDER_MIRROR",
    )


def implied_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where a mirror may lie: Terraform's implied folders, then each folder one level below /opt and /srv.

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
    for above in (Path("/opt"), Path("/srv")):
        try:
            folders += sorted(entry for entry in above.iterdir() if entry.is_dir())
        except OSError:
            continue
    return folders


def _missing(folder: Path, host: str, providers: list[str]) -> str:
    """Why `folder` cannot serve as the mirror; empty when it can."""
    if not (folder / host).is_dir():
        return f"it holds no folder {host}/"
    absent = [provider for provider in providers if not (folder / host / provider).is_dir()]
    if absent:
        return f"it does not hold {', '.join(absent)}"
    for provider in providers:
        for part in (folder / host, (folder / host / provider).parent, folder / host / provider):
            if part.is_symlink():
                return f"{part} is a symbolic link, which Terraform does not follow there"
    return ""


def _user_configuration(environ: Mapping[str, str]) -> Path | None:
    """The user's CLI configuration, if one is named and there, or if the usual one says where providers come from."""
    for variable in ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"):
        if (named := environ.get(variable)) and Path(named).is_file():
            return Path(named)
    usual = Path(environ.get("HOME", "") or Path.home()) / ".terraformrc"
    try:
        return usual if "provider_installation" in usual.read_text() else None
    except (OSError, UnicodeDecodeError):
        return None


@cache
def _registry_answers(host: str, proxy: str) -> bool:
    """Whether the registry can be talked to, asked once a process. A thread, because resolving a name has no time
    limit.
    """
    answers: list[bool] = []

    def ask() -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy} if proxy else {}))
        try:
            with opener.open(f"https://{host}/.well-known/terraform.json", timeout=PROBE_SECONDS) as response:
                answers.append(response.status == 200)
        except (OSError, ValueError, urllib.error.URLError):
            answers.append(False)

    probe = threading.Thread(target=ask, daemon=True)
    probe.start()
    probe.join(PROBE_SECONDS)
    return bool(answers and answers[0])
