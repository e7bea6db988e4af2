"""What a change of a resource does to what uses it. The tables are in `<cloud>/effects.py`.

What no table has is `unknown`: nothing is derived from a similar resource or attribute.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal, get_args

from terrace.capabilities.cloud import CLOUDS, implementation

Effect = Literal["none", "restart", "unknown", "downtime", "data-loss"]
"""none: users notice nothing. restart: connections break and can be opened again at once, as in a failover or when
nodes are replaced one by one. downtime: unavailable for minutes or longer. data-loss: what the resource stores is gone.
unknown: no table has the change; it may be a downtime, not a data loss (`Facts.stateful` has what stores data)."""
EFFECTS: tuple[Effect, ...] = get_args(Effect)
"""From harmless to worst."""

Risk = Literal["none", "restart", "downtime", "data-loss"]
"""The worst effect that an environment accepts (`max_risk`)."""
RISKS: tuple[Risk, ...] = get_args(Risk)

REPLACED = "-/+"
CREATED_FIRST = "+/-"
"""The attributes of a table that have the effect of a replacement, which deletes the old resource first, or makes the
new one first; Terraform's signs for them."""

_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class KnownEffect:
    """The documented effect of changing one attribute. `source` is the document and its section, `read` when it was
    read."""

    effect: Effect
    detail: str
    source: str
    read: date


@dataclass(frozen=True)
class Lock:
    """A value, as text, after which the cloud allows no way back; ANY is every value. `source` and `read` are as in
    KnownEffect."""

    value: str
    detail: str
    source: str
    read: date


LockTable = Mapping[str, Mapping[str, Lock]]
"""Resource type to attribute to lock, with the attributes' names as in EffectTable. They are in `<cloud>/locks.py`."""
ANY = "*"

EffectTable = Mapping[str, Mapping[str, KnownEffect]]
"""Resource type to attribute to effect. A nested attribute is `settings.tier`, without indices; `*` is any other change
in place, REPLACED and CREATED_FIRST a replacement. The type `*` has attributes of all types."""


@cache
def tables() -> EffectTable:
    """The effects of all clouds; the types of one cloud are of no other."""
    every: dict[str, dict[str, KnownEffect]] = {}
    for cloud in CLOUDS:
        table: EffectTable = implementation("terrace", cloud, "effects").EFFECTS
        for type, attributes in table.items():
            every.setdefault(type, {}).update(attributes)
    return every


def without_effect(cloud: str) -> Mapping[str, str]:
    """The settings of environments that change nothing on a cloud, each with the reason."""
    settings: Mapping[str, str] = implementation("terrace", cloud, "effects").WITHOUT_EFFECT
    return settings


def effect_of(type: str, attribute: str) -> KnownEffect | None:
    """The documented effect of changing an attribute in place, such as `settings[0].tier`. None: not in the tables.

    An attribute below one in the table (`tags.owner` below `tags`) has its effect.
    """
    of_type, of_all = tables().get(type, {}), tables().get("*", {})
    steps = _INDEX.sub("", attribute).split(".")
    for end in range(len(steps), 0, -1):
        name = ".".join(steps[:end])
        if found := of_type.get(name) or of_all.get(name):
            return found
    return of_type.get("*")


@cache
def locks() -> LockTable:
    """The locks of all clouds."""
    return {type: of for cloud in CLOUDS for type, of in implementation("terrace", cloud, "locks").LOCKS.items()}


def irreversible(type: str, attribute: str, value: str | None) -> str:
    """What is documented about a value of an attribute that cannot be taken back; empty for any other value."""
    lock = locks().get(type, {}).get(_INDEX.sub("", attribute))
    return lock.detail if lock and value is not None and lock.value in (value, ANY) else ""


def effect_of_replacement(type: str, *, created_first: bool = False) -> KnownEffect | None:
    """The documented effect of replacing a resource, which deletes it before the new one exists, or after that with
    `created_first`. None: not in the tables."""
    return tables().get(type, {}).get(CREATED_FIRST if created_first else REPLACED)


def worst(effects: Iterable[Effect]) -> Effect:
    """The worst of some effects; `none` of none."""
    return max(effects, key=EFFECTS.index, default="none")


def exceeds(effect: Effect, risk: Risk) -> bool:
    """Whether an effect is worse than what is accepted. `unknown` is, unless a downtime is accepted."""
    return EFFECTS.index(effect) > EFFECTS.index(risk)
