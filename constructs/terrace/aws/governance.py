"""The deployment's resource group, and the account's defaults (GOV-4)."""

import json

from cdktn_provider_aws.ebs_default_kms_key import EbsDefaultKmsKey
from cdktn_provider_aws.ebs_encryption_by_default import EbsEncryptionByDefault
from cdktn_provider_aws.ebs_snapshot_block_public_access import EbsSnapshotBlockPublicAccess
from cdktn_provider_aws.ec2_instance_metadata_defaults import Ec2InstanceMetadataDefaults
from cdktn_provider_aws.iam_account_password_policy import IamAccountPasswordPolicy
from cdktn_provider_aws.resourcegroups_group import ResourcegroupsGroup, ResourcegroupsGroupResourceQuery
from constructs import Construct

from terrace.aws import names, providers
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.target import Target


class Governance(Construct):
    """A resource group of everything tagged as the deployment's (GOV-1) and, where the environment owns the account,
    settings that exist once per account and region. The handle's ceiling is the boundary (ceiling.py)."""

    def __init__(self, scope: Construct, id: str, target: Target, *, keys: KeysHandle) -> None:
        super().__init__(scope, id)
        tagged = {key: target.tags[key] for key in ("environment", "managed-by") if key in target.tags}
        ResourcegroupsGroup(
            self,
            "resources",
            name=target.prefix,
            description="Everything of the deployment by its tags",
            resource_query=ResourcegroupsGroupResourceQuery(
                query=json.dumps(
                    {
                        "ResourceTypeFilters": ["AWS::AllSupported"],
                        "TagFilters": [{"Key": key, "Values": [value]} for key, value in tagged.items()],
                    }
                )
            ),  # GOV-1
        )
        if names.settings(target).owns_account:
            self._account_defaults(keys)
            if target.recovery_region:
                self._recovery_defaults()
        self.handle = GovernanceHandle(ceiling=names.boundary_arn(target))

    def _account_defaults(self, keys: KeysHandle) -> None:
        # The key first: volumes created in between would use AWS's own key
        key = EbsDefaultKmsKey(self, "disk-key", key_arn=keys.home["disks"])
        EbsEncryptionByDefault(self, "disk-encryption", enabled=True, depends_on=[key])  # K8S-9
        EbsSnapshotBlockPublicAccess(self, "snapshots", state="block-all-sharing")
        Ec2InstanceMetadataDefaults(self, "instance-metadata", http_tokens="required", http_put_response_hop_limit=1)
        IamAccountPasswordPolicy(
            self,
            "passwords",
            minimum_password_length=16,
            require_symbols=True,
            require_numbers=True,
            require_lowercase_characters=True,
            require_uppercase_characters=True,
            allow_users_to_change_password=True,
            password_reuse_prevention=24,
            max_password_age=90,
        )

    def _recovery_defaults(self) -> None:
        """AUD-4: the defaults of the recovery region. Without disks of the platform there, AWS's own key encrypts."""
        scope, provider = Construct(self, "recovery"), providers.recovery(self)
        EbsEncryptionByDefault(scope, "disk-encryption", enabled=True, provider=provider)
        EbsSnapshotBlockPublicAccess(scope, "snapshots", state="block-all-sharing", provider=provider)
        Ec2InstanceMetadataDefaults(
            scope, "instance-metadata", http_tokens="required", http_put_response_hop_limit=1, provider=provider
        )
