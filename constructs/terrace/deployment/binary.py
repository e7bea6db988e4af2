"""Which Terraform runs, and how a missing one is fetched: `python -m terrace.deployment.binary`.

Order: the binary TERRACE_TERRAFORM names (OpenTofu serves too), `.tools/terraform` of the project, PATH. Set-up
downloads the pinned release only when none of the three is there and new enough, and keeps it in `.tools/`.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from terrace.errors import TerraceError

# Write-only arguments came with Terraform 1.11 and OpenTofu 1.11; both are needed to keep secrets out of the state.
MINIMUM = (1, 11, 0)
PINNED = "1.11.4"
RELEASES = "https://releases.hashicorp.com/terraform"
# From terraform_1.11.4_SHA256SUMS, as HashiCorp's own Homebrew formula (hashicorp/homebrew-tap, Formula/terraform.rb,
# at 1.11.4) carries them. TERRACE_TERRAFORM_SHA256 gives the sum for a platform that is not listed.
CHECKSUMS = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
_BY_HAND = (
    f"install Terraform {PINNED} or newer by hand (https://developer.hashicorp.com/terraform/install) "
    "so that it is on PATH, or name a binary with TERRACE_TERRAFORM; behind a firewall, TERRACE_TERRAFORM_RELEASES "
    f"names an internal copy of {RELEASES}"
)


class NoTerraform(TerraceError):
    """Terraform is missing, too old or cannot be fetched."""


@dataclass(frozen=True)
class Terraform:
    """A binary that answered: `version` is (major, minor, patch)."""

    path: Path
    version: tuple[int, int, int]
    flavour: str  # "Terraform" or "OpenTofu"

    @property
    def registry_host(self) -> str:
        """The host a provider address without one means. It is also the top folder of a mirror."""
        return "registry.opentofu.org" if self.flavour == "OpenTofu" else "registry.terraform.io"

    def __str__(self) -> str:
        return f"{self.flavour} {'.'.join(map(str, self.version))} ({self.path})"


def locate(root: Path, environ: Mapping[str, str] = os.environ) -> Terraform:
    """The Terraform to use for the project at `root`. Raises NoTerraform with what to do."""
    named = environ.get("TERRACE_TERRAFORM", "")
    if named:
        path = shutil.which(named, path=environ.get("PATH"))
        if path is None:
            raise NoTerraform(
                f"there is no program {named!r}", where="TERRACE_TERRAFORM", hint="give the path of a Terraform binary"
            )
        return _asked(Path(path))
    kept = root / ".tools" / "terraform"
    if kept.is_file():
        return _asked(kept)
    found = shutil.which("terraform", path=environ.get("PATH"))
    if found is None:
        raise NoTerraform("Terraform is not installed", hint="`make setup` fetches it; or " + _BY_HAND)
    return _asked(Path(found))


def _asked(path: Path) -> Terraform:
    """What the binary says of itself. Without the user's CLI configuration, which may be broken and does not matter
    here.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment["CHECKPOINT_DISABLE"] = "1"
    try:
        plain = subprocess.run(
            [str(path), "version"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment,
            cwd=path.parent,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoTerraform(f"it does not run: {error}", where=str(path), hint=_BY_HAND) from error
    match = re.search(r"^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)", plain.stdout, re.MULTILINE)
    if match is None:
        raise NoTerraform("it does not say which Terraform it is", where=str(path), hint=_BY_HAND)
    version = (int(match[2]), int(match[3]), int(match[4]))
    if version < MINIMUM:
        wanted = ".".join(map(str, MINIMUM[:2]))
        raise NoTerraform(
            f"{match[1]} {'.'.join(map(str, version))} is too old: {wanted} or newer is needed",
            where=str(path),
            hint=_BY_HAND,
        )
    return Terraform(path, version, match[1])


def this_platform() -> str:
    """The platform in Terraform's words, as `linux_amd64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{platform.system().lower()}_{machine}"


def fetch(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Download the pinned release into `.tools/terraform` of the project at `root`, and return its path.

    The archive is checked against the SHA-256 above before anything is unpacked, and the file appears whole or not at
    all. Raises NoTerraform.
    """
    target = this_platform()
    expected = environ.get("TERRACE_TERRAFORM_SHA256") or CHECKSUMS.get(target)
    if expected is None:
        raise NoTerraform(
            f"no checksum of Terraform {PINNED} for {target} is pinned here",
            hint="install Terraform by hand, or set TERRACE_TERRAFORM_SHA256 to the sum of its archive",
        )
    base = environ.get("TERRACE_TERRAFORM_RELEASES", RELEASES).rstrip("/")
    url = f"{base}/{PINNED}/terraform_{PINNED}_{target}.zip"
    tools = root / ".tools"
    tools.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tools, prefix=".fetch-") as scratch:
        archive = Path(scratch) / "terraform.zip"
        actual = _download(url, archive)
        if actual != expected.lower():
            raise NoTerraform(
                f"the archive is not the pinned one: SHA-256 {actual}, expected {expected.lower()}",
                where=url,
                hint="the download was cut short or changed on its way; try again, or " + _BY_HAND,
            )
        unpacked = Path(scratch) / "terraform"
        try:
            with zipfile.ZipFile(archive) as content, content.open("terraform") as source, unpacked.open("wb") as sink:
                shutil.copyfileobj(source, sink)
        except (zipfile.BadZipFile, KeyError) as error:
            raise NoTerraform(f"the archive holds no terraform: {error}", where=url, hint=_BY_HAND) from error
        unpacked.chmod(0o755)
        return unpacked.replace(tools / "terraform")


def _download(url: str, archive: Path) -> str:
    """Store what `url` serves, and return its SHA-256. The length announced must have arrived."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=20) as response, archive.open("wb") as sink:
            while block := response.read(1 << 20):
                digest.update(block)
                sink.write(block)
    except urllib.error.HTTPError as error:
        raise NoTerraform(f"the server answered {error.code}", where=url, hint=_BY_HAND) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NoTerraform(f"Terraform cannot be downloaded: {reason}", where=url, hint=_BY_HAND) from error
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """Make sure that there is a Terraform: nothing to do, or one download. The Makefile's set-up calls this."""
    root = Path(arguments[0] if arguments else ".").resolve()
    try:
        try:
            print(f"Terraform: {locate(root)}")
        except NoTerraform as missing:
            if os.environ.get("TERRACE_TERRAFORM"):
                raise
            print(f"Terraform: {missing.message}; fetching {PINNED}", file=sys.stderr)
            fetch(root)
            print(f"Terraform: {locate(root)}")
    except NoTerraform as error:
        print(f"error: {error}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
