"""Runs checkov's checks of Kubernetes objects on the objects of a workloads stack: in this process, without files.

As with Terraform's (`checkov_run`), no error is lost, and annotations cannot skip a check. Importing checkov takes
seconds: import this module late.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from checkov.common.graph.graph_builder import CustomAttributes
from checkov.common.util.consts import END_LINE, START_LINE
from checkov.kubernetes.checks.resource.registry import registry
from checkov.kubernetes.kubernetes_utils import PARENT_RESOURCE_ID_KEY_NAME, get_resource_id
from checkov.kubernetes.runner import Runner

from terrace.assurance import timeout as limit
from terrace.assurance.checkov_run import Run, attempt, silent, word
from terrace.workloads.context import Object
from terrace.workloads.policy_scope import title_of

FILE = "/workloads.yaml"
OF_OTHER_COMPONENTS = ("CKV_K8S_44", "CKV_K8S_45", "CKV_K8S_140")
"""Checks of one component (Tiller, the kubelet), which checkov calls inconclusive on everything else."""
_WITH_PODS = ("CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet")
_WITH_RIGHTS = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount")
_ROLES = ("ClusterRole", "Role")
_CONNECTED = frozenset([*_WITH_PODS, *_WITH_RIGHTS, "NetworkPolicy"])
"""The kinds that checkov's checks of connections read. All others, such as large definitions, only slow its graph."""


def run(objects: Sequence[Object], *, seconds: float = limit.SECONDS) -> Run:
    """Run every check that checkov has for the kinds of the objects, and those of their connections.

    An inconclusive check is an error, except for those of other components. `seconds` limits one check.
    """
    result = Run()
    with silent():
        for one in objects:
            _of_object(one, result, seconds)
        _of_connections(objects, result, seconds)
    return result


def names() -> dict[str, str]:
    """The names of checkov's Kubernetes checks, by id."""
    graph = Runner().graph_registry
    graph.load_checks()
    return {check.id: check.name for check in [*(check for _, check in registry.all_checks()), *graph.checks]}


def _of_object(one: Object, result: Run, seconds: float) -> None:
    kind, title = str(one["kind"]), title_of(one)
    result.addresses.append(title)
    checks = registry.get_checks(kind)
    conf = _plain(one) if checks else {}
    for check in checks:

        def on_object(check: Any = check) -> Any:
            return check.run(FILE, conf, kind, kind, {})["result"]

        answer = attempt(on_object, check.id, title, seconds, result)
        if answer is None:
            continue
        found = word(answer[0] if isinstance(answer, tuple) else answer)
        if found == "unknown" and check.id in OF_OTHER_COMPONENTS:
            continue
        result.record(check, title, found)
        if found == "unknown":
            result.fail("check-error", f"{check.id}: it cannot read the object", title)


def _of_connections(objects: Sequence[Object], result: Run, seconds: float) -> None:
    """The checks of checkov's graph, for example of the roles that bindings grant."""
    chosen = [_plain(one) for one in objects if one["kind"] in _CONNECTED]
    connected = [_with_lines(part) for one in chosen for part in _by_rule(one)]
    titles = {get_resource_id(conf): title_of(conf) for conf in connected}
    runner = Runner()
    runner.graph_registry.load_checks()

    def build() -> Any:
        graph = runner.graph_manager.build_graph_from_definitions({FILE: connected})
        runner.graph_manager.save_graph(graph)
        return runner.graph_manager.get_reader_endpoint()

    connections = attempt(build, "connections", "", seconds, result)
    if connections is None:
        return
    for check in runner.graph_registry.checks:

        def on_graph(check: Any = check) -> Any:
            return check.run(connections)

        answers = attempt(on_graph, check.id, "", seconds, result)
        for found, vertices in zip(("passed", "failed", "unknown"), answers or (), strict=False):
            for vertex in vertices:
                result.record(check, _title(vertex, titles), found)


def _by_rule(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A role once for each rule, as checkov's graph reads the rule of a role with one rule only; all else once."""
    rules = one.get("rules") if one["kind"] in _ROLES else None
    if not rules:
        yield one
        return
    for rule in rules:
        yield {**one, "rules": [rule]}


def _title(vertex: Any, titles: dict[str | None, str]) -> str:
    """The object of a vertex; of the pod of a controller's template, the controller."""
    name = str(vertex.get(CustomAttributes.BLOCK_NAME))
    return titles.get(vertex.get(PARENT_RESOURCE_ID_KEY_NAME) or name) or titles.get(name, name)


def _plain(one: Object) -> dict[str, Any]:
    """A copy as plain mappings and lists, which checks may change."""
    copy: dict[str, Any] = json.loads(json.dumps(one, default=dict))
    return copy


def _with_lines(value: Any) -> Any:
    """Mappings with the line numbers that checkov's parser adds and its graph requires."""
    if isinstance(value, dict):
        return {**{key: _with_lines(inner) for key, inner in value.items()}, START_LINE: 1, END_LINE: 1}
    return [_with_lines(inner) for inner in value] if isinstance(value, list) else value
