"""Runs checkov's checks of Terraform plans on a view: in this process, without network, and without losing an error.

checkov's own runner ignores a check that raises, a graph check that fails in its thread and a policy file that does
not load; here each is an error. Importing checkov takes seconds: import this module late.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from checkov.common.graph.graph_builder.graph_components.attribute_names import CustomAttributes
from checkov.common.models.enums import CheckResult
from checkov.runner_filter import RunnerFilter
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.provider.registry import provider_registry
from checkov.terraform.checks.resource.aws import GithubActionsOIDCTrustPolicyOnRole as on_role
from checkov.terraform.checks.resource.gcp import GithubActionsOIDCTrustPolicy as on_pool
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.checks.utils.base_cloudsplaining_iam_scanner import BaseTerraformCloudsplainingIAMScanner
from checkov.terraform.plan_parser import RESOURCE_TYPES_JSONIFY, _get_providers, _prepare_resource_block
from checkov.terraform.plan_runner import TF_LIFECYCLE_CHECK_IDS, Runner
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.assurance import timeout as limit
from terrace.assurance.evaluation import Observation, Outcome
from terrace.assurance.plan_shape import plan_of
from terrace.assurance.stack_evaluation import failure
from terrace.assurance.view import View
from terrace.words import counted

FILE = "/plan.json"
for _check in (on_role, on_pool):
    # checkov 3 refuses a subject with the ids of owner and repository, repo:OWNER@ID/NAME@ID, which GitHub issues since
    # July 2026. Source: GitHub changelog, 23 April 2026
    _check.gh_repo_regex = re.compile(rf"{_check.gh_repo_regex.pattern}|[\w-]+@\d+/[\w.-]+@\d+$")
_REGISTRIES = {"resource": resource_registry, "data": data_registry, "provider": provider_registry}


@dataclass
class Timeout:
    """A check that timed out at an address, and was then skipped on more resources."""

    address: str
    reason: str
    skipped: int = 0

    def outcome(self, check: str) -> Outcome:
        """The error of all its resources."""
        more = f"; skipped on {counted(self.skipped, 'more resource')}" if self.skipped else ""
        return failure("check-timeout", f"{check}: {self.reason}{more}", self.address)


@dataclass
class Run:
    """`outcomes` has one entry a check, `errors` has one for each thing that could not be checked.

    `addresses` are the resources that checkov received, whether or not it has a check for them.
    """

    addresses: list[str] = field(default_factory=list)
    failures: list[Outcome] = field(default_factory=list)
    observations: dict[str, list[Observation]] = field(default_factory=dict)
    inconclusive: dict[str, list[str]] = field(default_factory=dict)
    timeouts: dict[str, Timeout] = field(default_factory=dict)

    @property
    def errors(self) -> list[Outcome]:
        """The outcomes `gate.<kind>` of what could not be checked; a check that timed out is one."""
        return [*self.failures, *(one.outcome(check) for check, one in self.timeouts.items())]

    @property
    def outcomes(self) -> list[Outcome]:
        """The checks that ran, by id."""
        ids = sorted({*self.observations, *self.inconclusive})
        return [_outcome(id, self.observations.get(id, []), self.inconclusive.get(id, [])) for id in ids]

    @property
    def failed(self) -> set[str]:
        """The addresses of the resources on which a check failed."""
        return {one.resource for found in self.observations.values() for one in found if not one.ok}

    def record(self, check: Any, address: str, result: str) -> None:
        """Add the result of a check on a resource: passed, failed or unknown."""
        if result == "unknown":
            self.inconclusive.setdefault(check.id, []).append(address)
        else:
            self.observations.setdefault(check.id, []).append(Observation(address, check.name, result == "passed"))

    def fail(self, kind: str, reason: str, address: str = "") -> None:
        """Add an error."""
        self.failures.append(failure(kind, reason, address))


def _outcome(id: str, observations: list[Observation], inconclusive: list[str]) -> Outcome:
    failed = any(not observation.ok for observation in observations)
    status: Literal["broken", "holds", "unproven"] = "broken" if failed else "holds" if observations else "unproven"
    reason = "inconclusive on every resource" if status == "unproven" else ""
    return Outcome(id, status, tuple(observations), reason, tuple(sorted(inconclusive)))


def run(view: View, policies: Sequence[Path] = (), *, seconds: float = limit.SECONDS) -> Run:
    """Run every check that checkov and the folders of `policies` have for the types of a view. `seconds` limits one."""
    result = Run()
    definitions = {FILE: _definitions(plan_of(view), result)}
    runner = Runner()
    graph = runner.graph_manager.build_graph_from_definitions(definitions, render_variables=False)
    runner.graph_manager.save_graph(graph)
    connections = runner.graph_manager.get_reader_endpoint()
    runnable = RunnerFilter(framework=["terraform_plan"])
    with _loaded(policies, runner.graph_registry, result):
        for kind, registry in _REGISTRIES.items():
            for entity in definitions[FILE][kind]:
                type, name, conf = registry.extract_entity_details(entity)
                address = conf[CustomAttributes.TF_RESOURCE_ADDRESS]
                for check in registry.get_checks(type):
                    if check.id in TF_LIFECYCLE_CHECK_IDS or not runnable.should_run_check(
                        check, report_type="terraform_plan"
                    ):
                        continue
                    check.graph = connections

                    def on_resource(check: Any = check, conf: Any = conf, name: str = name, type: str = type) -> Any:
                        return check.run(FILE, conf, name, type, {})["result"]

                    answer = attempt(on_resource, check.id, address, seconds, result)
                    if answer is not None:
                        result.record(check, address, word(answer[0] if isinstance(answer, tuple) else answer))
        for check in runner.graph_registry.checks:
            if not runnable.should_run_check(check, report_type="terraform_plan"):
                continue

            def on_graph(check: Any = check) -> Any:
                return check.run(connections)

            answers = attempt(on_graph, check.id, "", seconds, result)
            for found, vertices in zip(("passed", "failed", "unknown"), answers or (), strict=False):
                for vertex in vertices:
                    if address := vertex.get(CustomAttributes.TF_RESOURCE_ADDRESS):
                        result.record(check, address, found)
    return result


def names() -> dict[str, str]:
    """The names of checkov's Terraform checks, by id."""
    graph = Runner().graph_registry
    graph.load_checks()
    checks = [check for registry in _REGISTRIES.values() for _, check in registry.all_checks()]
    return {check.id: check.name for check in [*checks, *graph.checks]}


def _definitions(plan: dict[str, Any], result: Run) -> dict[str, list[Any]]:
    """The plan as checkov's checks read it; a policy that cannot be read is an error."""
    root = plan["configuration"]["root_module"]["resources"]
    documents = {entry["address"] for entry in root if entry["mode"] == "data"}
    definitions: dict[str, list[Any]] = {"provider": _get_providers(plan), "resource": [], "data": []}
    for values, configured in zip(plan["planned_values"]["root_module"]["resources"], root, strict=True):
        block, kind, prepared = _prepare_resource_block(values, configured, {})
        if not prepared:
            continue
        definitions[kind].append(block)
        if kind == "resource":
            result.addresses.append(values["address"])
            if reason := _unreadable(values, configured, documents):
                result.fail("unreadable-policy", reason, values["address"])
    return definitions


def _unreadable(values: dict[str, Any], configured: dict[str, Any], documents: set[str]) -> str:
    """Why the policy of a resource cannot be read; "" if it can, or if it is a policy document of the stack."""
    attribute = RESOURCE_TYPES_JSONIFY.get(values["type"], "")
    policy = values["values"].get(attribute)
    references = configured["expressions"].get(attribute, {}).get("references", [])
    if policy is None:
        if not references or references[-1] in documents:
            return ""
        return f"{attribute} refers to {references[0]}, which is not in the stack"
    try:
        json.loads(policy)
    except (TypeError, ValueError):
        return f"{attribute} is not JSON"
    return ""


def attempt(function: Callable[[], Any], check: str, address: str, seconds: float, result: Run) -> Any:
    """What a check returns; None, and an error, if it raises or times out. A check that timed out is skipped for the
    remaining resources.
    """
    if check in result.timeouts:
        result.timeouts[check].skipped += 1
        return None
    try:
        with limit.within(seconds):
            return function()
    except limit.CheckTimeout as timeout:
        result.timeouts[check] = Timeout(address, str(timeout))
    except Exception as error:
        result.fail("check-error", f"{check}: {type(error).__name__}: {error}", address)
    return None


def word(result: Any) -> str:
    """checkov's result in a word: passed, failed or unknown."""
    return {CheckResult.PASSED: "passed", CheckResult.FAILED: "failed"}.get(result, "unknown")


@contextmanager
def silent() -> Iterator[None]:
    """No log messages while the body runs: what does not load or raises is an error of the result."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)


@contextmanager
def _loaded(policies: Sequence[Path], graph: Any, result: Run) -> Iterator[None]:
    """Load checkov's own checks and those of the folders while the body runs."""
    graph.load_checks()
    with _restored(graph, policies), silent():
        for folder in policies:
            with suppress(Exception):  # one file stops the rest: _report_missing adds an error for each
                resource_registry.load_external_checks(str(folder))
                graph.load_external_checks(str(folder))
            _report_missing(folder, graph, result)
        yield


@contextmanager
def _restored(graph: Any, policies: Sequence[Path]) -> Iterator[None]:
    """Restore what checkov keeps for the whole process: registered checks, imported policies, parsed IAM policies.

    checkov caches an IAM policy by file and resource name. In the next stack these name another policy.
    """
    parsed = BaseTerraformCloudsplainingIAMScanner.policy_document_cache
    tables = [table for one in _REGISTRIES.values() for table in (one.checks, one.wildcard_checks)]
    registered = [{type: list(checks) for type, checks in table.items()} for table in tables]
    graphs, path, modules = list(graph.checks), list(sys.path), dict(sys.modules)
    parsed.clear()
    try:
        yield
    finally:
        parsed.clear()
        for table, before in zip(tables, registered, strict=True):
            table.clear()
            table.update(before)
        graph.checks[:] = graphs
        sys.path[:] = path
        for name, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "/")
            if any(file.is_relative_to(folder) for folder in policies):
                del sys.modules[name]
        sys.modules.update(modules)  # a policy's file may have the name of another module


def _report_missing(folder: Path, graph: Any, result: Run) -> None:
    """Add an error for each file of the folder that registered no check."""
    ids = {check.id for check in graph.checks}
    modules = {type(check).__module__ for one in _REGISTRIES.values() for _, check in one.all_checks()}
    for path in sorted(folder.rglob("*")):
        reason = ""
        if path.suffix in (".yaml", ".yml", ".json"):
            try:
                content = YAML(typ="safe").load(path)
                registered = isinstance(content, dict) and content.get("metadata", {}).get("id") in ids
                reason = "" if registered else "checkov does not accept it as a check"
            except (OSError, ValueError, YAMLError, AttributeError) as error:
                reason = f"it cannot be read: {type(error).__name__}"
        elif path.suffix == ".py" and path.stem != "__init__":
            reason = "" if path.stem in modules else "it defines no check"
        if reason:
            result.fail("unreadable-check", f"{path.relative_to(folder)}: {reason}")
