"""The Terraform binary, and its download: `python -m terrace.deployment.binary`.

Order: the binary that TERRACE_TERRAFORM names (OpenTofu works too), `.tools/terraform` in the project, PATH. `make
setup` downloads the pinned release to `.tools/` only if none of them exists and is new enough.
"""

import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from terrace.errors import TerraceError
from terrace.variables import TERRAFORM, TERRAFORM_RELEASES, TERRAFORM_SHA256

# The first version with write-only arguments, in Terraform and in OpenTofu; they keep secrets out of the state.
MINIMUM = (1, 11, 0)
PINNED = "1.11.4"
RELEASES = "https://releases.hashicorp.com/terraform"
# From terraform_1.11.4_SHA256SUMS, as in HashiCorp's Homebrew formula (hashicorp/homebrew-tap, Formula/terraform.rb, at
# 1.11.4). TERRACE_TERRAFORM_SHA256 sets the checksum for a platform that is not listed.
CHECKSUMS = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
_INSTALL = (
    f"install Terraform {PINNED} or newer on PATH (https://developer.hashicorp.com/terraform/install), or set "
    "TERRACE_TERRAFORM to the path of a binary; behind a firewall, set TERRACE_TERRAFORM_RELEASES to an internal copy "
    f"of {RELEASES}"
)


class NoTerraform(TerraceError):
    """Terraform is missing, too old or cannot be downloaded."""


@dataclass(frozen=True)
class TerraformBinary:
    """A binary that runs. `version` is (major, minor, patch)."""

    path: Path
    version: tuple[int, int, int]
    flavour: str  # "Terraform" or "OpenTofu"

    @property
    def registry_host(self) -> str:
        """The default host of provider addresses, and the top folder of a mirror."""
        return "registry.opentofu.org" if self.flavour == "OpenTofu" else "registry.terraform.io"

    def __str__(self) -> str:
        return f"{self.flavour} {'.'.join(map(str, self.version))} ({self.path})"


def locate(root: Path, environ: Mapping[str, str] = os.environ) -> TerraformBinary:
    """The Terraform binary for the project at `root`. Raises NoTerraform."""
    named = TERRAFORM.read(environ)
    if named:
        path = shutil.which(named, path=environ.get("PATH"))
        if path is None:
            raise NoTerraform(
                f"no such program: {named!r}",
                where=TERRAFORM.name,
                hint="set it to the path of a Terraform binary",
            )
        return _inspect(Path(path))
    downloaded = root / ".tools" / "terraform"
    if downloaded.is_file():
        return _inspect(downloaded)
    on_path = shutil.which("terraform", path=environ.get("PATH"))
    if on_path is None:
        raise NoTerraform(
            "Terraform is not installed",
            hint="run `python -m terrace.deployment.binary` to download it, or " + _INSTALL,
        )
    return _inspect(Path(on_path))


def _inspect(path: Path) -> TerraformBinary:
    """Run `terraform version`, without the user's CLI configuration, which is irrelevant here and may be invalid."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment["CHECKPOINT_DISABLE"] = "1"
    try:
        finished = subprocess.run(
            [str(path), "version"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment,
            cwd=path.parent,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoTerraform(f"cannot run it: {error}", where=str(path), hint=_INSTALL) from error
    match = re.search(r"^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)", finished.stdout, re.MULTILINE)
    if match is None:
        raise NoTerraform("`version` prints no Terraform or OpenTofu version", where=str(path), hint=_INSTALL)
    version = (int(match[2]), int(match[3]), int(match[4]))
    if version < MINIMUM:
        minimum = ".".join(map(str, MINIMUM[:2]))
        raise NoTerraform(
            f"{match[1]} {'.'.join(map(str, version))} is too old; {minimum} or newer is required",
            where=str(path),
            hint=_INSTALL,
        )
    return TerraformBinary(path, version, match[1])


def this_platform() -> str:
    """The platform as Terraform names it, such as `linux_amd64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{platform.system().lower()}_{machine}"


def download(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Download the pinned release to `.tools/terraform` in the project at `root`, and return its path.

    The archive's SHA-256 is verified before it is unpacked, and the file is moved into place as a whole. Raises
    NoTerraform.
    """
    import pooch  # loads requests, which nothing else here needs

    platform_name = this_platform()
    expected = TERRAFORM_SHA256.read(environ) or CHECKSUMS.get(platform_name)
    if expected is None:
        raise NoTerraform(
            f"no checksum is pinned for Terraform {PINNED} on {platform_name}",
            hint="install Terraform on PATH, or set TERRACE_TERRAFORM_SHA256 to the checksum of its archive",
        )
    base = (TERRAFORM_RELEASES.read(environ) or RELEASES).rstrip("/")
    url = f"{base}/{PINNED}/terraform_{PINNED}_{platform_name}.zip"
    tools = root / ".tools"
    tools.mkdir(parents=True, exist_ok=True)
    authorities = ssl.get_default_verify_paths()  # the system's certificate authorities instead of those of requests
    pooch.get_logger().setLevel("WARNING")
    with tempfile.TemporaryDirectory(dir=tools, prefix=".download-") as scratch:
        try:
            pooch.retrieve(
                url,
                f"sha256:{expected.lower()}",
                fname="terraform.zip",
                path=scratch,
                downloader=pooch.HTTPDownloader(timeout=20, verify=authorities.cafile or authorities.capath or True),
                processor=pooch.Unzip(members=["terraform"], extract_dir="unpacked"),
            )
            terraform = Path(scratch, "unpacked", "terraform")
            terraform.chmod(0o755)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise NoTerraform(f"cannot download Terraform: {error}", where=url, hint=_INSTALL) from error
        return terraform.replace(tools / "terraform")


def main(arguments: list[str]) -> int:
    """Print which Terraform is used, and download it if it is missing. `make setup` of a project calls this."""
    root = Path(arguments[0] if arguments else ".").resolve()
    try:
        try:
            print(f"Terraform: {locate(root)}")
        except NoTerraform as missing:
            if TERRAFORM.read():
                raise
            print(f"Terraform: {missing.message}; downloading {PINNED}", file=sys.stderr)
            download(root)
            print(f"Terraform: {locate(root)}")
    except NoTerraform as error:
        print(f"error: {error}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
