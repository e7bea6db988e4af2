"""The state home on S3. Every request names the account that must own the bucket. Source: S3 User Guide, "Conditional
writes", "Verifying bucket ownership with bucket owner condition".
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from terrace.aws import names
from terrace.calls import aws
from terrace.capabilities.target import Target
from terrace.state import Conflict, Lock, Stored, Version, lock_info

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LOCK = ".tflock"


def home(target: Target, variables: Mapping[str, str]) -> "BucketHome":
    """The bucket of the project's states in the target's account."""
    client = aws.client("s3", target.region, variables)
    return BucketHome(client, names.state_bucket(target), names.account(target))


@dataclass(frozen=True)
class BucketHome:
    """A versioned bucket. An object's tag is its ETag, which is the same for the same content."""

    client: "S3Client"
    bucket: str
    owner: str

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}"

    def read(self, name: str, *, version: str = "") -> Stored | None:
        with aws.explained("s3", "get_object"):
            try:
                if version:
                    found = self.client.get_object(
                        Bucket=self.bucket, Key=name, VersionId=version, ExpectedBucketOwner=self.owner
                    )
                else:
                    found = self.client.get_object(Bucket=self.bucket, Key=name, ExpectedBucketOwner=self.owner)
                return Stored(found["Body"].read(), found["ETag"])
            except ClientError as error:
                if _code(error) in ("NoSuchKey", "NoSuchVersion", "404", "InvalidArgument", "MethodNotAllowed"):
                    return None  # InvalidArgument: not the id of a version; MethodNotAllowed: of a delete marker
                raise

    def write(self, name: str, content: bytes, *, after: str | None = None, new: bool = False) -> str:
        with aws.explained("s3", "put_object"):
            put = {"Bucket": self.bucket, "Key": name, "Body": content, "ExpectedBucketOwner": self.owner}
            condition = {"IfNoneMatch": "*"} if new else {"IfMatch": after} if after is not None else {}
            try:
                return self.client.put_object(**put, **condition)["ETag"]  # type: ignore[arg-type]
            except ClientError as error:
                if _code(error) == "PreconditionFailed" and new:
                    raise Conflict(f"{name} exists already", where=self.place) from error
                if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
                    raise Conflict(f"another process has changed {name}", where=self.place) from error
                raise

    def delete(self, name: str) -> None:
        with aws.explained("s3", "delete_object"):
            self.client.delete_object(Bucket=self.bucket, Key=name, ExpectedBucketOwner=self.owner)

    def names(self, prefix: str) -> list[str]:
        with aws.explained("s3", "list_objects_v2"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, ExpectedBucketOwner=self.owner
            )
            keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
            return sorted(key for key in keys if not key.endswith(_LOCK))

    def versions(self, name: str) -> list[Version]:
        with aws.explained("s3", "list_object_versions"):
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=name, ExpectedBucketOwner=self.owner
            )
            # S3 lists the versions of a key newest first
            return [
                Version(entry["VersionId"], entry["LastModified"], entry["Size"])
                for page in pages
                for entry in page.get("Versions", [])
                if entry["Key"] == name
            ]

    def lock(self, state: str) -> Lock | None:
        found = self.read(state + _LOCK)
        return lock_info.parsed(found.content) if found else None

    @contextmanager
    def hold(self, state: str) -> Iterator[Callable[[bytes], object]]:
        lock = state + _LOCK
        self.write(lock, lock_info.own(state), new=True)
        try:
            yield lambda content: self.write(state, content)
        finally:
            self.delete(lock)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
