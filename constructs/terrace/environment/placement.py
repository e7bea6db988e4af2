"""Where an environment's stack goes and under which names."""

from terrace.capabilities.target import Settings, Target
from terrace.environment import regions
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo


def target(environment: Environment, *, protected: bool | None = None, offline: bool = False) -> Target:
    """The target of an environment that `load` has judged.

    `protected` is True in staging and prod unless said otherwise, as while a destroy is under way. Raises AnswerIsNo
    for an environment that was built by hand and has no section of its cloud, or a region that the cloud has not.
    """
    cloud = environment.cloud
    settings: Settings | None = getattr(environment, cloud)
    if settings is None:
        raise AnswerIsNo(f"environment {environment.name} is to run on {cloud} and has no section `{cloud}`")
    region = _region(environment, environment.region)
    zones: tuple[str, ...] = regions.zones(cloud, region)
    if settings.zones:
        zones = settings.zones + tuple(zone for zone in zones if zone not in settings.zones)
    return Target(
        environment=environment.name,
        prefix=f"{environment.project}-{environment.name}",
        tier=environment.tier,
        region=region,
        recovery_region=_region(environment, environment.recovery_region) if environment.recovery_region else None,
        zones=zones[: environment.network.zones],
        spare_zones=zones[environment.network.zones :],
        tags=tags(environment),
        protected=environment.tier != "dev" if protected is None else protected,
        offline=offline,
        state_bucket=environment.state.bucket,
        settings=settings,
    )


def tags(environment: Environment) -> dict[str, str]:
    """Tags of everything that takes tags (GOV-1)."""
    ownership = environment.ownership
    return {
        **ownership.tags,
        "environment": environment.name,
        "owner": ownership.owner,
        "cost-centre": ownership.cost_centre,
        "data-classification": ownership.data_classification,
        "managed-by": "terrace",
    }


def _region(environment: Environment, word: str) -> str:
    name = regions.region(environment.cloud, word)
    if name is None:
        raise AnswerIsNo(f"{environment.cloud} has no region {word!r}", where=environment.name)
    return name
