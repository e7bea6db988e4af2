"""The check engine: checks of stacks and of live deployments, how one runs, and what it results in.

A check yields an Observation for each fact that it reads. Evaluation fails closed: a check that raises, times out,
does not exist or observes nothing leaves its guarantee unproven.
"""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from terrace.assurance.guarantees import BY_ID, Guarantee
from terrace.assurance.timeout import CheckTimeout, within
from terrace.calls import Absent, CredentialsError
from terrace.capabilities.cloud import CloudException, CloudName
from terrace.errors import TerraceError

Status = Literal["holds", "broken", "unproven", "not_required", "excepted", "prepared", "by_owner", "waived"]
SHOWN = 4  # observations that a sentence spells out; the others are counted
_PACKAGES = ("terrace.assurance.checks.", "terrace.")


class NotRequired(Exception):
    """The environment does not ask for it; the message names the setting that would."""


def asked(section: object, name: str) -> None:
    """Raise NotRequired if the environment leaves a section out."""
    if section is None:
        raise NotRequired(f"{name} is off")


@dataclass(frozen=True)
class Observation:
    """One fact that a check read about one resource. `expected` is empty when the fact is as expected."""

    resource: str
    fact: str
    ok: bool
    expected: str = ""

    def __str__(self) -> str:
        text = f"{self.resource}: {self.fact}" if self.resource else self.fact
        return text if self.ok or not self.expected else f"{text}, expected {self.expected}"


@dataclass(frozen=True)
class Outcome:
    """One check on one stack or deployment.

    `reason` is why it is unproven or not required, and what interrupted it. `inconclusive` are the resources on which a
    checkov check neither passed nor failed, `types` the types of resources that a check of a stack read.
    """

    id: str
    status: Literal["holds", "broken", "unproven", "not_required"]
    observations: tuple[Observation, ...] = field(default=(), repr=False)
    reason: str = ""
    inconclusive: tuple[str, ...] = ()
    types: tuple[str, ...] = field(default=(), repr=False)

    def resources(self, *, ok: bool) -> tuple[str, ...]:
        """The resources that passed (`ok`) or failed the check."""
        return tuple(dict.fromkeys(one.resource for one in self.observations if one.ok == ok))


@dataclass(frozen=True)
class Result:
    """One guarantee on one stack or deployment. `exception` is what the cloud lacks of it; checks prove the rest."""

    guarantee: Guarantee
    status: Status
    reason: str
    outcomes: tuple[Outcome, ...] = ()
    exception: CloudException | None = None

    @property
    def passes(self) -> bool:
        """Whether it allows a stack or a deployment to pass."""
        return self.status not in ("broken", "unproven")

    @property
    def observations(self) -> tuple[Observation, ...]:
        """The observations of all its checks."""
        return tuple(observation for outcome in self.outcomes for observation in outcome.observations)

    @property
    def evidence(self) -> str:
        """The observations that decide, in one line."""
        return joined(self._deciding)

    @property
    def resource(self) -> str:
        """The resources of the observations that decide, in one line."""
        resources = list(dict.fromkeys(observation.resource for observation in self._deciding))
        more = f" and {len(resources) - SHOWN} more" if len(resources) > SHOWN else ""
        return ", ".join(resources[:SHOWN]) + more

    @property
    def _deciding(self) -> list[Observation]:
        return [one for one in self.observations if not one.ok] or list(self.observations)


@dataclass(frozen=True)
class Check:
    """A registered check. `function` yields an Observation for each fact that it reads of a subject."""

    id: str
    guarantee: str
    function: Callable[[Any], Iterator[Observation]]


_CHECKS: dict[str, Check] = {}
CheckFunction = TypeVar("CheckFunction", bound=Callable[[Any], Iterator[Observation]])


def check(guarantee: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register a function as a check of a guarantee, under the name of its cloud, file and function.

    `requires_tls` in `assurance/checks/aws/database.py` is `aws.database.requires-tls`; a function of `live/aws/` is
    `live.aws.database.requires-tls`. Raises ValueError for an unknown guarantee or an id that is already in use.
    """

    def register(function: CheckFunction) -> CheckFunction:
        id = f"{_prefix(function.__module__)}.{function.__name__.replace('_', '-')}"
        if guarantee not in BY_ID:
            raise ValueError(f"{id}: there is no guarantee {guarantee}")
        if id in _CHECKS:
            raise ValueError(f"{id}: a check of this id is already registered")
        _CHECKS[id] = Check(id, guarantee, function)
        return function

    return register


def checks_in(package: str) -> dict[str, Check]:
    """The checks of a package's modules, by id; none for a package that does not exist."""
    try:
        found = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        return {}
    for module in pkgutil.iter_modules(found.__path__):
        importlib.import_module(f"{package}.{module.name}")
    return {id: check for id, check in _CHECKS.items() if id.startswith(f"{_prefix(package)}.")}


def _prefix(module: str) -> str:
    return next((module.removeprefix(package) for package in _PACKAGES if module.startswith(package)), module)


def evaluate(check: Check | None, subject: Any, *, id: str = "", seconds: float | None = None) -> Outcome:
    """Run one check. `id` is its id if it does not exist; `seconds` limits its time. Raises CredentialsError only."""
    if check is None:
        return Outcome(id, "unproven", reason="the check does not exist")
    observations: list[Observation] = []
    reason = ""
    try:
        with within(seconds) if seconds else nullcontext():
            observations.extend(check.function(subject))
    except NotRequired as required:
        return Outcome(check.id, "not_required", reason=str(required))
    except CredentialsError:
        raise
    except Absent as absent:
        observations.append(Observation("", f"missing: {absent}", False))
    except TerraceError as error:
        reason = f"{error} ({error.hint})" if error.hint else str(error)
    except (Exception, CheckTimeout) as error:
        kind = "" if isinstance(error, CheckTimeout) else f"{type(error).__name__}: "
        reason = f"the check failed: {kind}{error}"
    found = tuple(observations)
    if any(not observation.ok for observation in found):
        return Outcome(check.id, "broken", found, reason)
    if reason or not found:
        return Outcome(check.id, "unproven", found, reason or "the check found nothing to read")
    return Outcome(check.id, "holds", found)


def result_of(guarantee: Guarantee, outcomes: Iterable[Outcome], exception: CloudException | None = None) -> Result:
    """The result of a guarantee from the outcomes of its checks: the worst of them decides.

    An exception replaces `holds`, and never what is broken or unproven.
    """
    every = tuple(outcomes)
    by_status = {status: [one for one in every if one.status == status] for status in ("broken", "unproven", "holds")}
    status: Status
    if broken := by_status["broken"]:
        bad = [observation for outcome in broken for observation in outcome.observations if not observation.ok]
        status, reason = "broken", _reasons([joined(bad), *(outcome.reason for outcome in broken)])
    elif unproven := by_status["unproven"]:
        status, reason = "unproven", _reasons(outcome.reason for outcome in unproven)
    elif exception:
        status, reason = "excepted", exception.reason
    elif holding := by_status["holds"]:
        status, reason = "holds", counted(sum(len(outcome.observations) for outcome in holding))
    elif every:
        status, reason = "not_required", _reasons(outcome.reason for outcome in every)
    else:
        status, reason = "unproven", "no check on this cloud"
    return Result(guarantee, status, reason, every, exception)


def prepared(result: Result, cloud: CloudName, why: str, installed: Collection[str] = ()) -> Result:
    """The result, or `prepared` where it would pass but depends on modules that are not `installed`; `why` says how
    that is known."""
    missing = [module for module in result.guarantee.modules.get(cloud, ()) if module not in installed]
    if not missing or result.status not in ("holds", "excepted"):
        return result
    needs = f"needs the {'module' if len(missing) == 1 else 'modules'} {', '.join(missing)}: {why}"
    return replace(result, status="prepared", reason=needs)


def by_owner(result: Result, cloud: CloudName, existing: Mapping[str, str]) -> Result:
    """The result, or `by_owner` where it would pass but its capability, or one that it depends on, stands on `existing`
    resources, which others can change."""
    guarantee = result.guarantee
    capability = next((one for one in (guarantee.capability, *guarantee.depends.get(cloud, ())) if one in existing), "")
    if not capability or result.status not in ("holds", "excepted", "not_required"):
        return result
    reason = f"existing {capability} ({existing[capability]}): its owner carries it"
    return replace(result, status="by_owner", reason=reason)


def _reasons(reasons: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def equal(resource: str, name: str, actual: object, expected: object) -> Observation:
    """`actual` is exactly `expected`."""
    return Observation(resource, f"{name} = {shown(actual)}", actual == expected, shown(expected))


def at_least(resource: str, name: str, actual: float | None, least: float) -> Observation:
    """`actual` is a number and not below `least`."""
    return Observation(resource, f"{name} = {shown(actual)}", actual is not None and actual >= least, f">= {least}")


def at_most(resource: str, name: str, actual: float | None, most: float) -> Observation:
    """`actual` is a number and not above `most`."""
    return Observation(resource, f"{name} = {shown(actual)}", actual is not None and actual <= most, f"<= {most}")


def includes(resource: str, name: str, actual: Iterable[str], expected: Iterable[str]) -> Observation:
    """All of `expected` are in `actual`, which may have more."""
    have, need = set(actual), set(expected)
    missing = need - have
    fact = f"{name} has {shown(sorted(need & have))}" + (f", lacks {shown(sorted(missing))}" if missing else "")
    return Observation(resource, fact, not missing, f"all of {shown(sorted(need))}")


def empty(resource: str, name: str, actual: Collection[str]) -> Observation:
    """`actual` is empty."""
    return Observation(resource, f"{name}: {shown(sorted(actual)) if actual else 'none'}", not actual, "none")


def joined(observations: Collection[Observation]) -> str:
    """The first observations in one line; the others counted."""
    text = "; ".join(str(observation) for observation in list(observations)[:SHOWN])
    return f"{text}; and {len(observations) - SHOWN} more" if len(observations) > SHOWN else text


def counted(observations: int) -> str:
    """A number of observations, in words."""
    return f"{observations} observation{'' if observations == 1 else 's'}"


def shown(value: object) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "unset"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(str(entry) for entry in value) + "]"
    return str(value)
