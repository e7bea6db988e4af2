"""The outputs of a foundation: `terraform output -json` parses into this."""

from collections.abc import Mapping
from typing import Any, Literal

from terrace.capabilities.spec import Spec

VERSION: Literal[2] = 2


class DatabaseOutputs(Spec):
    """Address of PostgreSQL, and the reference of its admin secret."""

    host: str
    """Host name on the private network."""
    port: int
    """TCP port."""
    name: str
    """Name of the first database."""
    admin_secret: str
    """Reference in the cloud's secret manager, never the value (SEC-1); empty where administrators log in by
    identity."""
    admin: str
    """Role that the bootstrap job logs in as."""
    schemas: tuple[str, ...]
    """Schemas that the bootstrap job creates in the first database."""
    roles: Mapping[str, str]
    """Module to the role that it logs in as; its database has the module's name."""


class CacheOutputs(Spec):
    """Address of the cache."""

    host: str
    """Host name on the private network."""
    port: int
    """TCP port; TLS."""
    users: Mapping[str, str]
    """Module to the user that it authenticates with."""


class StreamsOutputs(Spec):
    """Address of the managed Kafka."""

    bootstrap: str
    """Bootstrap servers, host:port, on the private network."""
    port: int
    """TCP port of the brokers; TLS."""
    login: str
    """SASL mechanism with which clients authenticate by their cloud identity."""


class ClusterOutputs(Spec):
    """Address of the cluster."""

    name: str
    """Name of the cluster."""
    endpoint: str
    """URL of the API server."""
    certificate_authority: str
    """Certificate authority: PEM, base64."""


class Outputs(Spec):
    """The foundation's outputs. `version` changes when a field is removed or changes its meaning."""

    version: Literal[2]
    """Version of this contract."""
    environment: str
    """Name of the environment."""
    cloud: str
    """Cloud of the environment."""
    region: str
    """Region, by the cloud's own name."""
    cluster: ClusterOutputs | None = None
    """Kubernetes; none if the environment leaves the cluster out."""
    database: DatabaseOutputs | None = None
    """PostgreSQL; none if the environment leaves the database out."""
    cache: CacheOutputs | None = None
    """Redis protocol; none if the environment leaves the cache out."""
    streams: StreamsOutputs | None = None
    """Kafka's protocol; none if the environment has no managed streams."""
    buckets: Mapping[str, str]
    """Layer or purpose to bucket name."""
    lake: Mapping[str, str]
    """Layer, or artifacts, to its URI: s3://, abfss:// or gs://."""
    secrets: Mapping[str, str]
    """Module to the reference of its secret."""
    identities: Mapping[str, str]
    """Module to its workload identity."""
    platform_identities: Mapping[str, str]
    """Platform component to its workload identity; the cloud manages components that are missing."""
    registry: str | None = None
    """The private registry: its host, and on Google Cloud the project; none without a cluster."""
    repositories: Mapping[str, str]
    """Module to the address of its images."""
    domain: str | None = None
    """Domain of the public entry; none if the environment leaves the entry out, as for the next two."""
    dns_zone: str | None = None
    """The domain's public zone, by the cloud's own identifier."""
    entry: str | None = None
    """Where the load balancer of the public entry expects the gateway's pods: a target group, an internal address, or a
    network endpoint group."""


def parse(output_json: Mapping[str, Any]) -> Outputs:
    """Parse the output of `terraform output -json`. Raises pydantic.ValidationError if it breaks the contract."""
    return Outputs.model_validate({name: entry["value"] for name, entry in output_json.items()})
