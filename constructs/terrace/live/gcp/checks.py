"""The deployment that checks read, and functions that several of them use."""

from dataclasses import dataclass
from typing import Any

from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.live.gcp.session import Reader


@dataclass(frozen=True)
class Deployment:
    """A live deployment with its environment, its target and a reader."""

    environment: Environment
    target: Target
    reader: Reader

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def project(self) -> str:
        """projects/ID, the beginning of resource names."""
        return f"projects/{names.account(self.target)}"

    @property
    def place(self) -> str:
        """projects/ID/locations/REGION, the home region."""
        return f"{self.project}/locations/{self.target.region}"

    @property
    def network(self) -> str:
        """The name of the network: an existing one's, or the foundation's own."""
        existing = self.target.existing.network
        return named(existing.id) if existing else self.prefix

    def call(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """See Reader.call."""
        return self.reader.call(service, method, **parameters)

    def pages(self, service: str, method: str, field: str, **parameters: Any) -> list[Any]:
        """See Reader.pages."""
        return self.reader.pages(service, method, field, **parameters)


def opened(environment: Environment, target: Target) -> Deployment:
    """The deployment of a target, read with the shell's credentials. Raises TerraceError for another project."""
    reader = Reader(names.account(target))
    reader.check_account(target)
    return Deployment(environment, target, reader)


def named(link: object) -> str:
    """The last part of a link or of a full name, the resource's own name."""
    return str(link or "none").rpartition("/")[2]


def seconds(period: object) -> int | None:
    """A period in seconds, as `3600s` or a number; None for anything else."""
    text = str(period).removesuffix("s")
    return int(text) if text.isdecimal() else None


def days(period: object) -> float | None:
    """A period of seconds in days."""
    found = seconds(period)
    return None if found is None else found / 86400
