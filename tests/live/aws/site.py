"""Where the tests' deployment is built: prod with everything switched on, in moto's memory."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.aws import names
from terrace.capabilities.cost import SleepSpec
from terrace.capabilities.target import Target
from terrace.environment import load, target
from terrace.environment.schema import Environment
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Reader

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "123456789012"  # moto's


def environment() -> Environment:
    """Prod, in moto's account, and asleep at night, so that no guarantee is without something to read."""
    prod = load("prod", project=ROOT, cloud="aws").environment
    assert prod.aws is not None
    return prod.model_copy(
        update={
            "aws": prod.aws.model_copy(update={"account_id": ACCOUNT}),
            "cost": prod.cost.model_copy(update={"sleep": SleepSpec(down="20:00", up="07:00")}),
        }
    )


@dataclass
class Site:
    """The deployment and how to reach it. `ids` holds what AWS named: vpc, subnets, keys, groups."""

    environment: Environment = field(default_factory=environment)
    ids: dict[str, Any] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.target: Target = target(self.environment)
        self.session = boto3.Session()
        self.reader = Reader(self.target, self.session)
        self._clients: dict[tuple[str, str], Any] = {}

    def read(self) -> list[Result]:
        """Every guarantee. What was not touched since the last time is not asked again."""
        self.reader.forget({*self.touched, "resourcegroupstaggingapi"})  # the latter tells of every service
        self.touched.clear()
        deployment = Deployment(self.environment, self.target, self.reader)
        return [live.evaluate_guarantee(guarantee, "aws", deployment) for guarantee in live.readable("aws")]

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def away(self) -> str:
        assert self.target.recovery_region
        return self.target.recovery_region

    def client(self, service: str, region: str | None = None) -> Any:
        self.touched.add(service)
        key = (service, region or self.target.region)
        if key not in self._clients:
            self._clients[key] = self.session.client(service, region_name=key[1])  # type: ignore[call-overload]
        return self._clients[key]

    def key(self, purpose: str, region: str | None = None) -> str:
        """The ARN of a purpose's key."""
        return str(self.ids["keys"][region or self.target.region, purpose])

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.target.tags)

    def pairs(self, key: str = "Key", value: str = "Value", **more: str) -> list[dict[str, str]]:
        """The deployment's tags as lists, in the spelling that a service wants."""
        return [{key: name, value: text} for name, text in {**self.tags, **more}.items()]

    def ec2_tags(self, kind: str, name: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": self.pairs(Name=name)}]

    def role_arn(self, purpose: str) -> str:
        return names.role_arn(self.target, purpose)
