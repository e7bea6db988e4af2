"""checkov's checks of Terraform plans on a view, in this process, without network, and with nothing lost on the way.

checkov's own runner swallows a check that throws, a graph check that dies in its thread and a policy file that does
not load; here each is told. Importing checkov takes seconds: import this module late.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkov.common.graph.graph_builder.graph_components.attribute_names import CustomAttributes
from checkov.common.models.enums import CheckResult
from checkov.runner_filter import RunnerFilter
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.provider.registry import provider_registry
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.plan_parser import RESOURCE_TYPES_JSONIFY, _get_providers, _prepare_resource_block
from checkov.terraform.plan_runner import TF_LIFECYCLE_CHECK_IDS, Runner
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.assurance import timeout as limit
from terrace.assurance.plan_shape import plan_of
from terrace.assurance.view import View

FILE = "/plan.json"
_REGISTRIES = {"resource": resource_registry, "data": data_registry, "provider": provider_registry}


@dataclass(frozen=True)
class Record:
    """One check on one resource, by address. `result` is passed or failed; unknown is what checkov itself leaves open:
    the check does not apply to a resource of this kind, or saw a value that it cannot judge.
    """

    check: str
    name: str
    address: str
    result: str


@dataclass(frozen=True)
class Fault:
    """What could not be evaluated: a check that threw or did not end, a policy or a check's file that is unreadable.

    `kind` is crashed-check, hanging-check, unreadable-check or unreadable-policy; `check` is checkov's id or the file.
    """

    kind: str
    check: str
    address: str
    reason: str


@dataclass
class Run:
    """`addresses` are the resources that reached checkov, whether or not it has a check for them."""

    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def run(view: View, policies: Sequence[Path] = (), *, seconds: float = limit.SECONDS) -> Run:
    """Every check that checkov and the folders of `policies` have for the types of a view. `seconds` limits a check."""
    found = Run()
    definitions = {FILE: _definitions(plan_of(view), found)}
    runner = Runner()
    graph = runner.graph_manager.build_graph_from_definitions(definitions, render_variables=False)
    runner.graph_manager.save_graph(graph)
    connections = runner.graph_manager.get_reader_endpoint()
    wanted = RunnerFilter(framework=["terraform_plan"])
    with _loaded(policies, runner.graph_registry, found):
        for kind, registry in _REGISTRIES.items():
            for entity in definitions[FILE][kind]:
                type, name, conf = registry.extract_entity_details(entity)
                address = conf[CustomAttributes.TF_RESOURCE_ADDRESS]
                for check in registry.get_checks(type):
                    if check.id in TF_LIFECYCLE_CHECK_IDS or not wanted.should_run_check(
                        check, report_type="terraform_plan"
                    ):
                        continue
                    check.graph = connections

                    def judged(check: Any = check, conf: Any = conf, name: str = name, type: str = type) -> Any:
                        return check.run(FILE, conf, name, type, {})["result"]

                    result = _attempt(judged, check.id, address, seconds, found)
                    if result is not None:
                        result = result[0] if isinstance(result, tuple) else result
                        found.records.append(Record(check.id, check.name, address, _word(result)))
        for check in runner.graph_registry.checks:
            if not wanted.should_run_check(check, report_type="terraform_plan"):
                continue

            def connected(check: Any = check) -> Any:
                return check.run(connections)

            results = _attempt(connected, check.id, "", seconds, found)
            for word, vertices in zip(("passed", "failed", "unknown"), results or (), strict=False):
                for vertex in vertices:
                    if address := vertex.get(CustomAttributes.TF_RESOURCE_ADDRESS):
                        found.records.append(Record(check.id, check.name, address, word))
    return found


def names() -> dict[str, str]:
    """Every check of Terraform that checkov has: id to its name."""
    graph = Runner().graph_registry
    graph.load_checks()
    checks = [check for registry in _REGISTRIES.values() for _, check in registry.all_checks()]
    return {check.id: check.name for check in [*checks, *graph.checks]}


def _definitions(plan: dict[str, Any], found: Run) -> dict[str, list[Any]]:
    """The plan as checkov's checks read it; a policy that stays unreadable is a fault."""
    root = plan["configuration"]["root_module"]["resources"]
    documents = {entry["address"] for entry in root if entry["mode"] == "data"}
    definitions: dict[str, list[Any]] = {"provider": _get_providers(plan), "resource": [], "data": []}
    for values, configured in zip(plan["planned_values"]["root_module"]["resources"], root, strict=True):
        block, kind, prepared = _prepare_resource_block(values, configured, {})
        if not prepared:
            continue
        definitions[kind].append(block)
        if kind == "resource":
            found.addresses.append(values["address"])
            if reason := _unreadable(values, configured, documents):
                found.faults.append(Fault("unreadable-policy", "", values["address"], reason))
    return definitions


def _unreadable(values: dict[str, Any], configured: dict[str, Any], documents: set[str]) -> str:
    """Why the policy of a resource cannot be read; "" when it can, or when it is a document of the stack."""
    attribute = RESOURCE_TYPES_JSONIFY.get(values["type"], "")
    written = values["values"].get(attribute)
    references = configured["expressions"].get(attribute, {}).get("references", [])
    if written is None:
        return (
            "" if not references or references[-1] in documents else f"{attribute} is made elsewhere: {references[0]}"
        )
    try:
        json.loads(written)
    except (TypeError, ValueError):
        return f"{attribute} is no JSON"
    return ""


def _attempt(judge: Callable[[], Any], check: str, address: str, seconds: float, found: Run) -> Any:
    """What a check says; None, and a fault, when it throws or does not end. What hung once is not tried again."""
    if any(fault.kind == "hanging-check" and fault.check == check for fault in found.faults):
        found.faults.append(Fault("hanging-check", check, address, "it did not end on another resource"))
        return None
    try:
        with limit.within(seconds):
            return judge()
    except limit.TookTooLong as late:
        found.faults.append(Fault("hanging-check", check, address, str(late)))
    except Exception as error:
        found.faults.append(Fault("crashed-check", check, address, f"{type(error).__name__}: {error}"))
    return None


def _word(result: Any) -> str:
    return {CheckResult.PASSED: "passed", CheckResult.FAILED: "failed"}.get(result, "unknown")


@contextmanager
def _loaded(policies: Sequence[Path], graph: Any, found: Run) -> Iterator[None]:
    """checkov's own checks and those of the folders, for as long as the body takes: its registries are global."""
    graph.load_checks()
    resources = {type: list(checks) for type, checks in resource_registry.checks.items()}
    graphs, path, level = list(graph.checks), list(sys.path), logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what does not load or crashes is told as a fault
    try:
        for folder in policies:
            with suppress(Exception):  # one file stops the rest: all that did not load is told
                resource_registry.load_external_checks(str(folder))
                graph.load_external_checks(str(folder))
            _all_there(folder, graph, found)
        yield
    finally:
        logging.disable(level)
        sys.path[:] = path
        graph.checks[:] = graphs
        resource_registry.checks.clear()
        resource_registry.checks.update(resources)


def _all_there(folder: Path, graph: Any, found: Run) -> None:
    """A file of the folder that gave no check is a fault."""
    ids = {check.id for check in graph.checks}
    modules = {type(check).__module__ for _, check in resource_registry.all_checks()}
    for path in sorted(folder.rglob("*")):
        reason = ""
        if path.suffix in (".yaml", ".yml", ".json"):
            try:
                written = YAML(typ="safe").load(path)
                there = isinstance(written, dict) and written.get("metadata", {}).get("id") in ids
                reason = "" if there else "it is no check that checkov takes"
            except (OSError, ValueError, YAMLError, AttributeError) as error:
                reason = f"it cannot be read: {type(error).__name__}"
        elif path.suffix == ".py" and path.stem != "__init__":
            reason = "" if path.stem in modules else "it gave no check"
        if reason:
            found.faults.append(Fault("unreadable-check", str(path.relative_to(folder)), "", reason))
