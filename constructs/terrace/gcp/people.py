"""Bindings of groups of people, who read files of the lake (LAKE-7)."""

from collections.abc import Mapping
from typing import cast

from constructs import Construct

from terrace.capabilities.data_access import word
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import LakeAccess
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.target import Target
from terrace.gcp import iam, identity, names


class People(Construct):
    """A role of each group on each bucket with folders that it reads, limited to one of these by a condition. Cloud
    Storage uses the keys with an identity of its own."""

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
            for bucket, folders in access.items():
                for folder in folders:
                    iam.bucket_right(
                        self,
                        f"{word(group)}-{bucket}-{folder}",
                        cast(Bucket, bucket),
                        lake=lake,
                        role=identity.VERBS["read"],
                        member=names.group_member(target, group),
                        only=names.below(target, bucket, folder),
                        depends_on=[*lake.ready],
                    )
