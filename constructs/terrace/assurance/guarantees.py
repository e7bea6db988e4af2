"""The guarantees: one sentence each that holds on every cloud, with the checks that prove it there.

They are data, `policies/guarantees/<capability>.yaml`, at the root of a checkout and inside the package of a wheel.
Numbers (zones, days, replicas) come from the environment. An id is never reused for another sentence.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.capabilities.cloud import CloudName
from terrace.documents.document import Node, along, plain
from terrace.documents.reading import read
from terrace.errors import AnswerIsNo, InvalidFile, Problem, TerraceError

FAMILIES = ("NET", "KEY", "SEC", "K8S", "DB", "CACHE", "STREAM", "LAKE", "OBS", "AUD", "BAK", "COST", "GOV", "ID", "WL")
"""The order of the table; within a family, by number."""
_ID = re.compile(rf"({'|'.join(FAMILIES)})-[1-9]\d*")
_CHECK = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+\.[a-z0-9-]+$")]
_POLICY = Annotated[str, Field(pattern=r"^(kyverno|falco)\.[a-z0-9-]+$")]


class InvalidGuarantees(AnswerIsNo):
    """A guarantee file is not valid; the message has a line for each problem, with file:line:column."""


class Guarantee(BaseModel):
    """`capability` is the name of the file that implements it on each cloud (`aws/<capability>.py`).

    `clouds` names the checks of a foundation stack that prove it (assurance/checks/<cloud>/<capability>.py); a cloud
    that is not listed has none. `workloads` names those of a workloads stack, the same on every cloud
    (assurance/checks/workloads/). `in_cluster` names the policies by which the cluster itself enforces (Kyverno) or
    detects (Falco) it, on every cloud (see `cluster_policies`). `modules` are those that it, or its exception,
    depends on, by cloud: until they are in the cluster it is prepared. `shown` is what of it the stacks show, where
    that is not all; `depends` are other capabilities that it depends on, by cloud; `stack_only` is why no check reads
    it from a deployment. `protects` is what suffers when it breaks, by which drift is graded: availability includes
    what can be recovered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    capability: str
    sentence: Annotated[str, Field(pattern=r"^[A-Z].{20,99}[^.\s]$")]
    clouds: Mapping[CloudName, Annotated[tuple[_CHECK, ...], Field(min_length=1)]] = {}
    workloads: tuple[_CHECK, ...] = ()
    in_cluster: tuple[_POLICY, ...] = ()
    modules: Mapping[CloudName, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    depends: Mapping[CloudName, tuple[str, ...]] = {}
    shown: str = ""
    stack_only: str = ""
    protects: Literal["security", "availability"] = "security"


def load(directory: Path) -> tuple[Guarantee, ...]:
    """The guarantees of every file of a directory, in the table's order. Raises InvalidGuarantees with all problems."""
    found: dict[str, tuple[Guarantee, Node]] = {}
    problems: list[Problem] = []
    for path in sorted(directory.glob("*.yaml")):
        try:
            document = read(path, f"{directory.parent.name}/{directory.name}/{path.name}")
        except InvalidFile as error:
            problems += error.problems
            continue
        problems += document.problems
        rows = document.root.value
        for id, node in rows.items() if isinstance(rows, dict) else ():
            if not _ID.fullmatch(id):
                problems.append(
                    Problem(
                        f"invalid id {id!r}; expected e.g. DB-2, of the families {', '.join(FAMILIES)}.", node.key_at
                    )
                )
            elif id in found:
                problems.append(Problem(f"{id} is already defined at {found[id][1].key_at}.", node.key_at))
            else:
                problems += _row(id, path.stem, node, found)
    if problems:
        raise InvalidGuarantees("\n".join(str(problem) for problem in problems))
    if not found:
        raise TerraceError("no guarantees found", where=str(directory), hint="a checkout has policies/guarantees/")
    return tuple(sorted((row for row, _ in found.values()), key=lambda row: _order(row.id)))


def _row(id: str, capability: str, node: Node, found: dict[str, tuple[Guarantee, Node]]) -> list[Problem]:
    content = plain(node)
    try:
        mapping = TypeAdapter(dict[str, object]).validate_python(content)
        found[id] = (Guarantee.model_validate({"id": id, "capability": capability, **mapping}), node)
    except ValidationError as error:
        return [
            Problem(f"{id}: {fault['msg']}.", along(node, [str(word) for word in fault["loc"]])[-1].where, ".".join(
                str(word) for word in fault["loc"]
            ))
            for fault in error.errors()
        ]  # fmt: skip
    return []


def _order(id: str) -> tuple[int, int]:
    family, _, number = id.rpartition("-")
    return FAMILIES.index(family), int(number)


def cluster_policies(root: Path) -> dict[str, Path]:
    """The policies that the clusters of a project enforce: id to file.

    `kyverno.NAME` is policies/kyverno/NAME/policy.yaml. `falco.NAME` is the rule in policies/falco/ whose name is NAME
    in lower case with hyphens. Raises TerraceError for a file that is not YAML.
    """
    policies = {f"kyverno.{path.parent.name}": path for path in (root / "policies" / "kyverno").glob("*/policy.yaml")}
    for path in (root / "policies" / "falco").glob("*.yaml"):
        try:
            entries = YAML(typ="safe").load(path) or []
        except YAMLError as error:
            raise TerraceError(f"not valid YAML: {error}", where=str(path)) from error
        names = [str(entry["rule"]) for entry in entries if isinstance(entry, dict) and "rule" in entry]
        policies |= {f"falco.{name.lower().replace(' ', '-')}": path for name in names}
    return policies


def directory(name: str = "guarantees") -> Path:
    """A directory of Terrace's own policies: at the root of a checkout, or inside the package of a wheel."""
    here = Path(__file__).resolve()
    candidates = (here.parents[3] / "policies" / name, here.parent / "policies" / name)
    return next((path for path in candidates if path.is_dir()), candidates[0])


TABLE = load(directory())
BY_ID = {guarantee.id: guarantee for guarantee in TABLE}
GUARANTEES = tuple(guarantee for guarantee in TABLE if guarantee.clouds)
"""What a foundation stack proves."""
WORKLOADS = tuple(guarantee for guarantee in TABLE if guarantee.workloads)
"""What a workloads stack proves: the family WL, and what of the foundation's guarantees the cluster completes."""
