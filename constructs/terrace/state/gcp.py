"""The state home on Cloud Storage. Source: Cloud Storage, "Request preconditions", "Object versioning"."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from terrace.calls import gcp
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.state import Conflict, Lock, Stored, Version, lock_info

_STATE, _STORED, _LOCK = ".tfstate", "/default.tfstate", "/default.tflock"
_NO_BUCKET = "bucket does not exist"


def home(target: Target, variables: Mapping[str, str]) -> "BucketHome":
    """The bucket of the project's states in the target's project."""
    gcp.require_extra()
    if dict(variables) == dict(os.environ):
        variables = os.environ
    project = names.account(target)
    return BucketHome(gcp.objects(project, gcp.open_session(variables, project)), names.state_bucket(target))


@dataclass(frozen=True)
class BucketHome:
    """A versioned bucket. An object's tag is its generation. The backend stores a state `x.tfstate` as
    `x/default.tfstate`: it has a name for each workspace."""

    client: Any
    bucket: str

    @property
    def place(self) -> str:
        return f"gs://{self.bucket}"

    def read(self, name: str, *, version: str = "") -> Stored | None:
        from google.api_core.exceptions import BadRequest, NotFound

        with gcp.explained("storage", "objects.get"):
            try:
                if version and not version.isdecimal():
                    return None
                blob = self._blob(name, int(version) if version else None)
                blob.reload()
                generation = blob.generation
                return Stored(self._blob(name, generation).download_as_bytes(), str(generation))
            except NotFound as error:
                if _NO_BUCKET in str(error):
                    raise
                return None
            except BadRequest:
                if version:
                    return None
                raise

    def write(self, name: str, content: bytes, *, after: str | None = None, new: bool = False) -> str:
        from google.api_core.exceptions import PreconditionFailed

        expected = 0 if new else int(after) if after is not None else None
        with gcp.explained("storage", "objects.insert"):
            blob = self._blob(name)
            try:
                blob.upload_from_string(content, content_type="application/octet-stream", if_generation_match=expected)
            except PreconditionFailed as error:
                reason = f"{name} exists already" if new else f"another process has changed {name}"
                raise Conflict(reason, where=self.place) from error
            return str(blob.generation)

    def delete(self, name: str) -> None:
        from google.api_core.exceptions import NotFound

        with gcp.explained("storage", "objects.delete"):
            try:
                self._blob(name).delete()
            except NotFound as error:
                if _NO_BUCKET in str(error):
                    raise

    def names(self, prefix: str) -> list[str]:
        with gcp.explained("storage", "objects.list"):
            folder = prefix[: prefix.rfind("/") + 1]
            found = (blob.name for blob in self.client.list_blobs(self.bucket, prefix=folder))
            named = (_name(name) for name in found if not name.endswith(_LOCK))
            return sorted(name for name in named if name.startswith(prefix))

    def versions(self, name: str) -> list[Version]:
        key = _key(name)
        with gcp.explained("storage", "objects.list"):
            found = [
                Version(str(blob.generation), blob.time_created, blob.size)
                for blob in self.client.list_blobs(self.bucket, prefix=key, versions=True)
                if blob.name == key
            ]
        return sorted(found, key=lambda version: int(version.id), reverse=True)

    def lock(self, state: str) -> Lock | None:
        found = self.read(state.removesuffix(_STATE) + _LOCK)
        return lock_info.parsed(found.content) if found else None

    @contextmanager
    def hold(self, state: str) -> Iterator[Callable[[bytes], object]]:
        lock = state.removesuffix(_STATE) + _LOCK
        self.write(lock, lock_info.own(state), new=True)
        try:
            yield lambda content: self.write(state, content)
        finally:
            self.delete(lock)

    def _blob(self, name: str, generation: int | None = None) -> Any:
        return self.client.bucket(self.bucket).blob(_key(name), generation=generation)


def _key(name: str) -> str:
    return name.removesuffix(_STATE) + _STORED if name.endswith(_STATE) else name


def _name(key: str) -> str:
    return key.removesuffix(_STORED) + _STATE if key.endswith(_STORED) else key
