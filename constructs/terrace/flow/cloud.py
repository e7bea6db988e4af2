"""What the flow asks of each cloud: `terrace.flow.<cloud>` defines these functions."""

from collections.abc import Mapping
from typing import Protocol

from terrace.capabilities.outputs import Outputs
from terrace.emulator import Emulator
from terrace.workloads.context import Context

FSSPEC = "pyiceberg.io.fsspec.FsspecFileIO"
"""How Iceberg reaches Azure and Google Cloud; S3 by pyarrow."""


class CloudPlanes(Protocol):
    """`context` has the outputs of a foundation or of `make`. `AS_MODULES`: whether `files` signs in as the module, or
    as an administrator."""

    AS_MODULES: bool

    def make(self, emulated: Emulator, context: Context, layers: tuple[str, ...]) -> Outputs:
        """Create the layers and a PostgreSQL server by the cloud's own API. The outputs are those of `context`, with
        what was created in place of stand-ins."""

    def administrator(self, emulated: Emulator, context: Context) -> tuple[str, str]:
        """The administrator of the server, and the password."""

    def files(self, emulated: Emulator, context: Context, module: str) -> Mapping[str, str]:
        """The settings with which Iceberg's clients reach the lake as a module."""
