"""EventBridge rules, for the checks of several guarantees."""

import json
from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, equal, includes
from terrace.live.aws.checks import Deployment


def sent(
    deployment: Deployment, rule: str, source: str, destination: str, region: str | None = None
) -> Iterator[Observation]:
    """Whether a rule is on, matches events of a source and sends them to a topic or bus."""
    found = deployment.call("events", "describe_rule", region=region, Name=rule)
    resource = f"rule {rule} in {region or deployment.target.region}"
    yield equal(resource, "State", found.get("State"), "ENABLED")
    yield equal(resource, "source", json.loads(found.get("EventPattern") or "{}").get("source"), [source])
    targets = deployment.pages("events", "list_targets_by_rule", "Targets", region=region, Rule=rule)
    yield includes(resource, "targets", [target["Arn"] for target in targets], [destination])
