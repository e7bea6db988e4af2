"""The deployment that the tests of this folder read: a recorded apply of prod, replayed into moto's memory."""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.environment import target
from terrace.environment.schema import Environment
from terrace.live.aws import keys, network
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Reader
from tests.live.recording import AWS_ACCOUNT as ACCOUNT
from tests.live.recording import environment as recorded_environment
from tests.live.statuses import recorded

__all__ = ["ACCOUNT", "Site", "document", "environment", "target"]


def environment() -> Environment:
    return recorded_environment("aws")


@dataclass
class Site:
    """The deployment and clients to read and change it."""

    environment: Environment = field(default_factory=environment)
    touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.target: Target = target(self.environment)
        self.session = boto3.Session()
        self.reader = Reader(self.target, self.session)
        self.deployment = Deployment(self.environment, self.target, self.reader)
        self._clients: dict[tuple[str, str], Any] = {}

    def read(self) -> list[Result]:
        """Evaluate every guarantee. Answers of services that `client` did not touch since are reused."""
        self.reader.forget({*self.touched, "resourcegroupstaggingapi"})  # which lists every service
        self.touched.clear()
        return [live.evaluate_guarantee(guarantee, "aws", self.deployment) for guarantee in recorded("aws")]

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def recovery_region(self) -> str:
        assert self.target.recovery_region
        return self.target.recovery_region

    def client(self, service: str, region: str | None = None) -> Any:
        """A client that changes a service."""
        self.touched.add(service)
        key = (service, region or self.target.region)
        if key not in self._clients:
            self._clients[key] = self.session.client(service, region_name=key[1])  # type: ignore[call-overload]
        return self._clients[key]

    @property
    def vpc(self) -> str:
        return network.vpc(self.deployment)

    def security_group(self, name: str) -> str:
        groups = network.in_vpc(self.deployment, "describe_security_groups", "SecurityGroups")
        return next(str(group["GroupId"]) for group in groups if group["GroupName"] == f"{self.prefix}-{name}")

    def allow(self, group: str, port: int, **peers: Any) -> None:
        """Add an ingress rule to a security group."""
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}
        self.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    def key(self, purpose: Any) -> str:
        """The ARN of a purpose's key."""
        return str(keys.key(self.deployment, purpose)["Arn"])

    @property
    def tags(self) -> list[dict[str, str]]:
        return [{"Key": name, "Value": value} for name, value in self.target.tags.items()]

    def role(self, purpose: str) -> str:
        return names.role_name(self.target, purpose)


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
