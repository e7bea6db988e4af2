"""What a foundation hands to whatever comes after it: `terraform output -json` parses into this."""

from collections.abc import Mapping
from typing import Any, Literal

from terrace.capabilities.spec import Spec

VERSION: Literal[1] = 1


class DatabaseOutputs(Spec):
    """Where PostgreSQL is, and the reference of its admin secret."""

    host: str
    """Host name on the private network."""
    port: int
    """TCP port."""
    name: str
    """Database to connect to first."""
    admin_secret: str
    """Reference in the cloud's secret manager, never the value (SEC-1)."""


class CacheOutputs(Spec):
    """Where the cache is."""

    host: str
    """Host name on the private network."""
    port: int
    """TCP port; TLS."""
    users: Mapping[str, str]
    """Module to the user it logs in as."""


class ClusterOutputs(Spec):
    """How the cluster is reached."""

    name: str
    """Its name."""
    endpoint: str
    """URL of the API server."""
    certificate_authority: str
    """PEM, base64."""


class Outputs(Spec):
    """The foundation's outputs. `version` changes when a field goes or changes its meaning."""

    version: Literal[1]
    """Version of this contract."""
    environment: str
    """Name of the environment."""
    cloud: str
    """Its cloud."""
    region: str
    """The cloud's own name of its region."""
    cluster: ClusterOutputs
    """Kubernetes."""
    database: DatabaseOutputs
    """PostgreSQL."""
    cache: CacheOutputs
    """Redis protocol."""
    buckets: Mapping[str, str]
    """Layer or purpose to bucket name."""
    secrets: Mapping[str, str]
    """Module to the reference of its secret."""
    identities: Mapping[str, str]
    """Module or platform component to its workload identity."""
    repositories: Mapping[str, str]
    """Module to the address of its images."""
    domain: str
    """Domain of the public entry."""


def parse(output_json: Mapping[str, Any]) -> Outputs:
    """Parse what `terraform output -json` prints. Raises pydantic.ValidationError when the contract is not kept."""
    return Outputs.model_validate({name: entry["value"] for name, entry in output_json.items()})
