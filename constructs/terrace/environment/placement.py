"""The target of an environment: account, region, zones, tags and protection."""

from terrace.capabilities.target import Settings, Target
from terrace.environment import naming, regions
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo
from terrace.variables import STATE


def target(environment: Environment, *, protected: bool | None = None, offline: bool = False) -> Target:
    """The target of an environment that `load` returned.

    `protected` defaults to True in staging and prod; False also lifts the protections that the environment asks for, as
    a destroy does. Raises AnswerIsNo for an environment constructed without `load` that lacks its cloud's section or
    has an unknown region.
    """
    cloud = environment.cloud
    settings: Settings | None = getattr(environment, cloud)
    if settings is None:
        raise AnswerIsNo(f"environment {environment.name} has cloud {cloud}, but no section `{cloud}`")
    region = _region(environment, environment.region)
    zones = regions.zones(cloud, region)
    if settings.zones:
        zones = settings.zones + tuple(zone for zone in zones if zone not in settings.zones)
    return Target(
        environment=environment.name,
        prefix=naming.prefix(environment),
        tier=environment.tier,
        region=region,
        recovery_region=_region(environment, environment.recovery_region) if environment.recovery_region else None,
        zones=zones[: environment.network.zones],
        spare_zones=zones[environment.network.zones :],
        tags=tags(environment),
        protected=environment.tier != "dev" if protected is None else protected,
        offline=offline,
        remote_state=(STATE.read() or environment.state.backend) == "remote",
        state_bucket=environment.state.bucket,
        settings=settings,
        unprotected=protected is False,
        ignored_tags=environment.ownership.ignored_tags,
        required_tags=naming.required_tags(environment),
        existing=environment.existing,
    )


def tags(environment: Environment) -> dict[str, str]:
    """The tags of all resources that support tags (GOV-1)."""
    ownership, keys = environment.ownership, environment.naming.tag_keys
    return {
        **ownership.tags,
        "environment": environment.name,
        keys.owner: ownership.owner,
        keys.cost_centre: ownership.cost_centre,
        keys.data_classification: ownership.data_classification,
        "managed-by": "terrace",
    }


def _region(environment: Environment, name: str) -> str:
    own_name = regions.region_name(environment.cloud, name)
    if own_name is None:
        raise AnswerIsNo(f"unknown region {name!r} for {environment.cloud}", where=environment.name)
    return own_name
