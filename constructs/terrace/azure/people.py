"""Role assignments for groups of people, who read files of the lake (LAKE-7)."""

from collections.abc import Mapping
from typing import cast

from cdktn import TerraformResource
from constructs import Construct

from terrace.azure import iam, names
from terrace.capabilities.data_access import word
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import LakeAccess
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.target import Target


class People(Construct):
    """A role of each group on each container with folders that it reads, limited to these by a condition. Storage uses
    the keys with an identity of its own."""

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
        ready = cast("list[TerraformResource]", list(lake.ready))
        for group, access in groups.items():
            for bucket, folders in access.items():
                iam.grant(
                    self,
                    f"{word(group)}-{bucket}",
                    names.settings(target).groups[group],
                    names.BLOB_READER,
                    on=lake.ids[cast(Bucket, bucket)],
                    kind="Group",
                    condition=names.below(folders, "read"),
                    after=ready,
                )
