"""The provider lock: which version of each provider is installed, with its checksums, on every machine.

A project commits one for each cloud's bootstrap and foundation, and one for the workloads, whose provider is the same
on every cloud. Terraform reads and writes it in the folder of the stack, which is not committed. Source: Terraform
documentation, "Dependency Lock File".
"""

import re
from collections.abc import Mapping
from pathlib import Path

from terrace.capabilities.cloud import facts
from terrace.project.stack_ids import Layer

IN_STACK = ".terraform.lock.hcl"
MISMATCH = "checksums previously recorded in the dependency lock file"
"""Part of Terraform's error for a package without a checksum in the lock."""
MISMATCH_HINT = (
    "the provider lock has no checksum of this package: for a new platform, `terrace lock STACK` adds it; otherwise "
    "the package is not the one that was locked"
)
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_arm64", "windows_amd64")


def committed(root: Path, cloud: str, layer: Layer) -> Path:
    """The file of a project's lock; it need not exist."""
    return root / "stacks" / f"{layer if layer == 'workloads' else cloud}.lock.hcl"


def read(folder: Path) -> str:
    """The lock in the folder of a stack, empty if there is none."""
    try:
        return (folder / IN_STACK).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def versions(lock: str) -> dict[str, str]:
    """The locked version of each provider ("hashicorp/aws")."""
    return dict(re.findall(r'^provider "[^"/]+/([^"]+)" \{\s+version\s*=\s*"([^"]+)"', lock, re.MULTILINE))


def untried(lock: str, cloud: str) -> str:
    """A sentence about the locked version of a cloud's provider if Terrace was never tried with it; else empty."""
    known = facts(cloud)
    version = versions(lock).get(known.provider, "")
    if not version or version in known.tried_provider_versions:
        return ""
    tried = ", ".join(known.tried_provider_versions)
    return f"Terrace was never tried with {known.provider} {version}, which its range allows; tried: {tried}"


def in_ci(variables: Mapping[str, str]) -> bool:
    """Whether this is a pipeline's run. Source: the predefined variables of GitHub Actions, GitLab CI and Azure
    Pipelines."""
    return variables.get("CI", "").lower() == "true" or variables.get("TF_BUILD", "").lower() == "true"


def has_checksums(lock: str) -> bool:
    """Whether the lock has checksums of unpacked providers, without which Terraform adds them after an installation."""
    return bool(re.search(r'"h1:', lock))
