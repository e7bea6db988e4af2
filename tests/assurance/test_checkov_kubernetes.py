"""checkov's Kubernetes checks on the objects of a workloads stack: the command's results, and no error is lost."""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from checkov.kubernetes.checks.resource.k8s.PrivilegedContainers import check as privileged
from checkov.kubernetes.checks.resource.registry import registry

from terrace.assurance import checkov_kubernetes, gate, workloads_gate
from terrace.assurance.gate_result import Finding, GateResult
from terrace.assurance.stack_evaluation import StackEvaluation
from terrace.assurance.workloads_view import Workloads
from terrace.environment import load
from terrace.workloads import policies
from terrace.workloads.context import Object
from terrace.workloads.policy_scope import title_of
from tests.assurance.test_checkov import answers, errors, plain
from tests.assurance.workloads import deployment, environment, view
from tests.assurance.workloads_mutants import added, changed, on_container
from tests.conftest import ROOT

APP = "Deployment app/app"
RBAC = "rbac.authorization.k8s.io/v1"
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


@pytest.fixture(scope="module")
def complete() -> Workloads:
    return view(environment())


def verdict(workloads: Workloads) -> GateResult:
    """The gate's result of checkov's part alone."""
    loaded = replace(load("prod", project=ROOT, cloud="aws"), environment=workloads.context.environment)
    evaluation = StackEvaluation(layer="workloads")
    workloads_gate.run_checkov(workloads, evaluation)
    return gate.result_of(loaded, gate.policies(ROOT), evaluation, {}, "stack")


def of_checkov(result: GateResult) -> list[Finding]:
    return [one for one in result.findings if one.id.startswith("CKV")]


def root_in(namespace: str, module: str, run_as_non_root: bool = False) -> Object:
    """A deployment of another module, whose containers may be root."""
    one = deployment()
    one["metadata"] = {"name": module, "namespace": namespace}
    one["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] = run_as_non_root
    return one


def test_the_same_results_as_the_command(complete: Workloads, tmp_path: Any) -> None:
    """Object by object; the command names the pods of connections in another way, so those are compared by check."""
    items = [one for one in complete.objects if one["kind"] in ("Deployment", "Role", "ServiceAccount", "Service")]
    (tmp_path / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, default=dict))
    titles = {f"{one['kind']}.{one['metadata']['namespace']}.{one['metadata']['name']}": title_of(one) for one in items}
    theirs = {(id, titles.get(name, ""), status) for id, name, status in plain(tmp_path, "kubernetes")}
    ours = answers(checkov_kubernetes.run(items))
    assert len(ours) > 80
    assert {one for one in theirs if "CKV2" not in one[0]} == {one for one in ours if "CKV2" not in one[0]}
    assert {(id, status) for id, _, status in theirs} == {(id, status) for id, _, status in ours}


def test_a_complete_environment_has_no_blocking_finding(complete: Workloads) -> None:
    result = verdict(complete)
    assert [one for one in result.findings if one.blocks and one.id.startswith(("CKV", "gate.check"))] == []
    assert result.resources_looked_at == len(complete.objects)
    assert {"CKV_K8S_11", "CKV_K8S_40"} <= {one.id for one in of_checkov(result)}


@pytest.mark.parametrize(
    ("id", "change"),
    [
        ("CKV_K8S_16", on_container(securityContext={"privileged": True})),
        ("CKV_K8S_43", on_container(image="registry.example.com/app:1")),
        ("CKV_K8S_39", on_container(securityContext={"capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]}})),
    ],
)
def test_a_mutant_blocks(id: str, change: Callable[[Object], None], complete: Workloads) -> None:
    blocking = verdict(changed(complete, "Deployment", "app", change)).blocking
    assert (id, APP) in {(one.id, one.resource) for one in blocking}


def test_a_role_of_all_rights_blocks_with_its_binding(complete: Workloads) -> None:
    meta = {"name": "all", "namespace": "app"}
    role = {"apiVersion": RBAC, "kind": "Role", "metadata": meta, "rules": [EVERYTHING]}
    binding = {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "all"},
        "subjects": [{"kind": "ServiceAccount", "name": "app", "namespace": "app"}],
    }
    blocking = verdict(added(added(complete, role), binding)).blocking
    found = {(id, one.resource) for one in blocking for id in (one.id, *one.also)}
    assert {("CKV_K8S_49", "Role app/all"), ("CKV2_K8S_1", "RoleBinding app/all")} <= found


@pytest.mark.parametrize("position", [0, 1])
def test_every_rule_of_a_role_reaches_the_checks_of_bindings(position: int) -> None:
    """checkov's own graph loses the rules of a role that has several."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    rules.insert(position, {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]})
    role = {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": rules}
    binding = {
        "apiVersion": RBAC,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "app", "namespace": "app"}],
    }
    results = answers(checkov_kubernetes.run([role, binding]))
    assert ("CKV2_K8S_5", "ClusterRoleBinding reader", "failed") in results


def test_an_annotation_skips_no_check(complete: Workloads) -> None:
    def skipped(one: Object) -> None:
        one["metadata"]["annotations"] = {"checkov.io/skip1": "CKV_K8S_16=accepted"}
        on_container(securityContext={"privileged": True})(one)

    assert "CKV_K8S_16" in {one.id for one in verdict(changed(complete, "Deployment", "app", skipped)).blocking}


def test_a_check_that_raises_fails_the_gate(complete: Workloads, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise KeyError("spec")

    monkeypatch.setattr(privileged, "scan_container_conf", broken)
    found = [one for one in verdict(complete).blocking if one.id == "gate.check-error"]
    assert {one.resource for one in found} >= {APP}
    assert all("CKV_K8S_16: KeyError" in one.sentence for one in found)


def test_a_check_that_hangs_is_one_error_for_all_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileged, "scan_container_conf", lambda *arguments: time.sleep(30))
    ran = checkov_kubernetes.run([root_in("app", "a"), root_in("app", "b")], seconds=0.1)
    assert errors(ran) == [("gate.check-timeout", "Deployment app/a")]
    assert ran.errors[0].reason == "CKV_K8S_16: it timed out after 2 s; skipped on 1 more resource"
    assert "CKV_K8S_16" not in {one.id for one in ran.outcomes}


def test_an_object_that_checks_cannot_read_is_an_error() -> None:
    one = deployment()
    one["metadata"]["namespace"] = "app"
    one["spec"]["template"]["spec"]["containers"] = None
    assert ("gate.check-error", APP) in errors(checkov_kubernetes.run([one]))


def test_checks_cannot_change_the_objects() -> None:
    one = deployment()
    before = copy.deepcopy(one)
    checkov_kubernetes.run([one])
    assert one == before


def test_every_check_is_rated_and_names_policies_of_the_project() -> None:
    ratings = gate.policies(ROOT).severities.ratings
    assert set(checkov_kubernetes.names()) - set(ratings) == set()
    named = {policy for rating in ratings.values() for policy in getattr(rating, "policies", ())}
    known = {policy["metadata"]["name"] for policy in policies.read(ROOT)}
    assert named - known == {"all-rights"}


def test_checks_of_other_components_exist() -> None:
    assert set(checkov_kubernetes.OF_OTHER_COMPONENTS) <= {check.id for _, check in registry.all_checks()}


ONE_RIGHT = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def _bound(rule: dict[str, Any]) -> list[Object]:
    """A role and its binding."""
    meta = {"name": "one", "namespace": "app"}
    role = {"apiVersion": RBAC, "kind": "Role", "metadata": meta, "rules": [rule]}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"}
    subject = {"kind": "ServiceAccount", "name": "app", "namespace": "app"}
    return [
        role,
        {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": meta, "roleRef": reference, "subjects": [subject]},
    ]


def _privileged(value: bool) -> list[Object]:
    one = deployment()
    on_container(securityContext={"privileged": value})(one)
    return [one]


@pytest.mark.parametrize(
    ("id", "clean", "bad"),
    [
        ("CKV_K8S_16", _privileged(False), _privileged(True)),
        ("CKV_K8S_49", _bound(ONE_RIGHT), _bound(EVERYTHING)),
        ("CKV2_K8S_1", _bound(ONE_RIGHT), _bound(EVERYTHING)),
    ],
)
def test_the_result_of_one_cluster_is_not_that_of_the_one_before(
    id: str, clean: list[Object], bad: list[Object]
) -> None:
    """In one process, on objects of the same name: clean, bad, clean, and the other way round."""
    for objects, fails in ((clean, False), (bad, True), (clean, False), (bad, True)):
        found = {(check, status) for check, _, status in answers(checkov_kubernetes.run(objects))}
        assert ((id, "failed") in found) is fails
