"""IAM roles for groups of people, who read files of the lake (LAKE-7)."""

from collections.abc import Mapping

from constructs import Construct

from terrace.aws import iam, identity, names
from terrace.aws.iam import Statement, document
from terrace.capabilities.data_access import word
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import LakeAccess
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.target import Target


class People(Construct):
    """A role for each group, which its members assume from the role that they sign in with. Its permissions are those
    on folders, and on their key through S3."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        groups: Mapping[str, LakeAccess],
        target: Target,
        *,
        keys: KeysHandle,
        lake: LakeHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        for group, access in groups.items():
            key = identity.through("s3", identity.KEY_VERBS["read"], keys.home["lake"], target, sid="LakeKey")
            iam.role(
                self,
                word(group),
                target,
                purpose=f"group-{word(group)}",
                trust=sign_in_trust(target, group),
                governance=governance,
                policies={"lake": document(*identity.lake_statements(access, lake)), "keys": document(key)},
            )


def sign_in_trust(target: Target, group: str) -> str:
    """Lets the role that a group signs in with assume a role. IAM Identity Center makes that role again under the same
    name when its permission set is assigned anew, so that the trust names it by a condition. Source: IAM Identity
    Center User Guide, "Referencing permission sets in resource policies"."""
    sign_in = names.arn(target, "iam", f"role/{names.settings(target).groups[group]}", region="")
    account = names.arn(target, "iam", "root", region="")
    return document(
        Statement(
            Effect="Allow",
            Principal={"AWS": account},
            Action=["sts:AssumeRole"],
            Condition={"ArnEquals": {"aws:PrincipalArn": sign_in}},
        )
    )
