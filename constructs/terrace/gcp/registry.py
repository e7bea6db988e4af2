"""Artifact Registry: one repository per module, immutable tags, images scanned (K8S-10)."""

from collections.abc import Sequence

from cdktn_provider_google.artifact_registry_repository import (
    ArtifactRegistryRepository,
    ArtifactRegistryRepositoryCleanupPolicies,
    ArtifactRegistryRepositoryCleanupPoliciesCondition,
    ArtifactRegistryRepositoryCleanupPoliciesMostRecentVersions,
    ArtifactRegistryRepositoryDockerConfig,
    ArtifactRegistryRepositoryVulnerabilityScanningConfig,
)
from constructs import Construct

from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.registry import RegistryHandle, RegistrySpec
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service

_KEPT_VERSIONS = 30
"""The number of newest images that the cleanup keeps, tagged or not."""


class Registry(Construct):
    """Repositories `prefix-module`. Scanning is a setting of the project and continuous in Container Analysis, so
    `spec.scanning` has no effect. Only nodes may read repositories with the prefix (firewall.py). In an existing
    repository, each module has an image.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: RegistrySpec,
        target: Target,
        *,
        modules: Sequence[str],
        keys: KeysHandle,
    ) -> None:
        super().__init__(scope, id)
        if target.existing.registry:
            address = names.registry(target)
            self.handle = RegistryHandle(
                address=address, repositories={module: f"{address}/{module}" for module in modules}
            )
            return
        self.handle = RegistryHandle(
            address=names.registry(target),
            repositories={module: self._repository(module, spec, target, keys) for module in modules},
        )

    def _repository(self, module: str, spec: RegistrySpec, target: Target, keys: KeysHandle) -> str:
        name = f"{target.prefix}-{module}"
        ArtifactRegistryRepository(
            self,
            module,
            repository_id=name,
            location=target.region,
            description=f"Images of {module}",
            format="DOCKER",
            mode="STANDARD_REPOSITORY",
            kms_key_name=keys.home["registry"],
            docker_config=ArtifactRegistryRepositoryDockerConfig(immutable_tags=True),  # K8S-10
            vulnerability_scanning_config=ArtifactRegistryRepositoryVulnerabilityScanningConfig(
                enablement_config="INHERITED"  # K8S-10
            ),
            cleanup_policy_dry_run=False,
            cleanup_policies=[
                _expire_untagged(spec.untagged_days),
                ArtifactRegistryRepositoryCleanupPolicies(
                    id="keep",
                    action="KEEP",
                    most_recent_versions=ArtifactRegistryRepositoryCleanupPoliciesMostRecentVersions(
                        keep_count=_KEPT_VERSIONS
                    ),
                ),
            ],
            depends_on=[*keys.ready, service(self, "artifactregistry"), service(self, "containerscanning")],
        )
        return f"{names.registry(target)}/{name}"


def _expire_untagged(days: int) -> ArtifactRegistryRepositoryCleanupPolicies:
    """A cleanup policy that deletes images without a tag after `days`."""
    return ArtifactRegistryRepositoryCleanupPolicies(
        id="untagged",
        action="DELETE",
        condition=ArtifactRegistryRepositoryCleanupPoliciesCondition(
            tag_state="UNTAGGED", older_than=f"{days * 86400}s"
        ),
    )
