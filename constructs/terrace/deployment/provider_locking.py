"""Write a project's provider lock."""

import json
from pathlib import Path

from terrace.deployment import provider_lock
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import providers_of
from terrace.errors import UsageError


def lock(deployment: Deployment, *, upgrade: bool = False) -> tuple[Path, list[str]]:
    """Write the lock of a deployment's stack; return its file, and the platforms without checksums.

    With `upgrade` the versions are the newest ones that the stack supports; else locked versions stay. Raises
    UsageError for a stack without providers, TerraformFailed.
    """
    folder = deployment.stack()
    path = provider_lock.committed(deployment.project.root, deployment.cloud, deployment.layer)
    providers = providers_of(json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")))
    if not providers:
        raise UsageError(f"the stack {deployment.stack_id} uses no providers")
    in_stack = folder / provider_lock.IN_STACK
    in_stack.unlink(missing_ok=True)
    if path.is_file() and not upgrade:
        in_stack.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    _, installer, source = deployment.uninitialized(folder)
    platforms = list(provider_lock.PLATFORMS)
    if source.kind == "mirror" and source.path:
        root = source.path / deployment.terraform_binary.registry_host
        platforms = [one for one in platforms if all(_has(root / provider, one) for provider in providers)]
    installer.lock_providers(platforms, source.path if source.kind == "mirror" else None)
    path.write_text(provider_lock.read(folder), encoding="utf-8")
    return path, [one for one in provider_lock.PLATFORMS if one not in platforms]


def _has(folder: Path, platform: str) -> bool:
    """Whether a mirror has a provider for a platform, unpacked or packed. Source: Terraform documentation, "CLI
    configuration file", filesystem_mirror."""
    return any(folder.glob(f"*/{platform}")) or any(folder.glob(f"*_{platform}.zip"))
