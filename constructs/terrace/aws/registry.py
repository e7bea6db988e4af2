"""ECR: one repository per module, immutable tags, images scanned on push or continuously (K8S-10)."""

import json
from collections.abc import Sequence

from cdktn_provider_aws.ecr_lifecycle_policy import EcrLifecyclePolicy
from cdktn_provider_aws.ecr_registry_scanning_configuration import (
    EcrRegistryScanningConfiguration,
    EcrRegistryScanningConfigurationRule,
    EcrRegistryScanningConfigurationRuleRepositoryFilter,
)
from cdktn_provider_aws.ecr_replication_configuration import (
    EcrReplicationConfiguration,
    EcrReplicationConfigurationReplicationConfiguration,
    EcrReplicationConfigurationReplicationConfigurationRule,
    EcrReplicationConfigurationReplicationConfigurationRuleDestination,
    EcrReplicationConfigurationReplicationConfigurationRuleRepositoryFilter,
)
from cdktn_provider_aws.ecr_repository import (
    EcrRepository,
    EcrRepositoryEncryptionConfiguration,
    EcrRepositoryImageScanningConfiguration,
)
from cdktn_provider_aws.ecr_repository_policy import EcrRepositoryPolicy
from cdktn_provider_aws.provider import AwsProvider
from constructs import Construct

from terrace.aws import iam, names, providers
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.registry import RegistryHandle, RegistrySpec
from terrace.capabilities.target import Target


class Registry(Construct):
    """Repositories `prefix/module` and, where the environment owns the account, the registry's scanning and
    replication. Existing repositories are used as they are: only their addresses are in the handle."""

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
                address=address,
                repositories={module: f"{address}/{names.repository(target, module)}" for module in modules},
            )
            return
        self.handle = RegistryHandle(
            address=names.registry(target),
            repositories={module: self._repository(module, spec, target, keys) for module in modules},
        )
        if names.settings(target).owns_account:
            self._scanning("scanning", spec)
            if target.recovery_region:
                self._scanning("scanning-recovery", spec, providers.recovery(self))  # AUD-4
                self._replication(target, target.recovery_region)

    def _repository(self, module: str, spec: RegistrySpec, target: Target, keys: KeysHandle) -> str:
        repository = EcrRepository(
            self,
            module,
            name=names.repository(target, module),
            image_tag_mutability="IMMUTABLE",  # K8S-10
            image_scanning_configuration=EcrRepositoryImageScanningConfiguration(scan_on_push=True),  # K8S-10
            encryption_configuration=[
                EcrRepositoryEncryptionConfiguration(encryption_type="KMS", kms_key=keys.home["registry"])
            ],
        )
        EcrLifecyclePolicy(
            self, f"{module}-lifecycle", repository=repository.name, policy=_expire_untagged(spec.untagged_days)
        )
        pull = iam.Statement(
            Sid="PullFromAccount",
            Effect="Allow",
            Principal={"AWS": names.root(target)},
            Action=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        )
        EcrRepositoryPolicy(self, f"{module}-policy", repository=repository.name, policy=iam.document(pull))
        return repository.repository_url

    def _scanning(self, id: str, spec: RegistrySpec, provider: AwsProvider | None = None) -> None:
        continuous = spec.scanning == "continuous"
        EcrRegistryScanningConfiguration(
            self,
            id,
            scan_type="ENHANCED" if continuous else "BASIC",  # K8S-10
            rule=[
                EcrRegistryScanningConfigurationRule(
                    scan_frequency="CONTINUOUS_SCAN" if continuous else "SCAN_ON_PUSH",
                    repository_filter=[
                        EcrRegistryScanningConfigurationRuleRepositoryFilter(filter="*", filter_type="WILDCARD")
                    ],
                )
            ],
            provider=provider,
        )

    def _replication(self, target: Target, region: str) -> None:
        EcrReplicationConfiguration(
            self,
            "replication",
            replication_configuration=EcrReplicationConfigurationReplicationConfiguration(
                rule=[
                    EcrReplicationConfigurationReplicationConfigurationRule(
                        destination=[
                            EcrReplicationConfigurationReplicationConfigurationRuleDestination(
                                region=region, registry_id=names.account(target)
                            )
                        ],
                        repository_filter=[
                            EcrReplicationConfigurationReplicationConfigurationRuleRepositoryFilter(
                                filter=f"{target.prefix}/", filter_type="PREFIX_MATCH"
                            )
                        ],
                    )
                ]
            ),
        )


def _expire_untagged(days: int) -> str:
    """A lifecycle policy that removes untagged images. Tagged images stay, because a deployment may use them."""
    rule = {
        "rulePriority": 1,
        "description": "Untagged images",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})
