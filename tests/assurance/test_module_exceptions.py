"""An exception from a policy in module.yaml counts for the checkov checks that require the same, and for no others."""

from dataclasses import replace
from datetime import date

import pytest

from terrace.assurance.gate_result import Finding
from terrace.assurance.module_exceptions import ALL_RIGHTS, excepted
from terrace.assurance.workloads_view import Workloads
from terrace.workloads.context import Object
from tests.assurance.test_checkov_kubernetes import EVERYTHING, RBAC, root_in, verdict
from tests.assurance.workloads import environment, view
from tests.assurance.workloads_mutants import added, with_contract

ROOT_USER, SEARCH, APP = "run-as-non-root", "Deployment search/search", "Deployment app/other"
REASON = "the image has files of root only"


def with_exception(workloads: Workloads, *names: str) -> Workloads:
    """The workloads with exceptions of the module `search`."""
    entries = [{"policy": name, "reason": REASON, "until": "2030-06-30"} for name in names]
    changed = with_contract(workloads, "search", exceptions=entries)
    return view(changed.context.environment)


@pytest.fixture(scope="module")
def complete() -> Workloads:
    return with_exception(view(environment()), ROOT_USER, "no-wildcard-permissions")


def finding(workloads: Workloads, id: str, resource: str) -> Finding:
    (found,) = [one for one in verdict(workloads).findings if id in (one.id, *one.also) and one.resource == resource]
    return found


def test_the_exception_waives_the_finding_with_its_reason_and_end(complete: Workloads) -> None:
    found = finding(added(complete, root_in("search", "search")), "CKV_K8S_23", SEARCH)
    assert (found.status, found.blocks) == ("waived", False)
    assert found.waiver is not None
    assert (found.waiver.id, found.waiver.reason, found.waiver.expires) == ("CKV_K8S_23", REASON, date(2030, 6, 30))
    assert found.waiver.line == "modules/search/module.yaml"


def test_another_module_has_no_exception(complete: Workloads) -> None:
    found = finding(added(complete, root_in("app", "other")), "CKV_K8S_23", APP)
    assert (found.status, found.blocks) == ("broken", True)


def test_an_exception_that_has_expired_waives_nothing(complete: Workloads) -> None:
    later = replace(added(complete, root_in("search", "search")), today=date(2030, 7, 1))
    assert finding(later, "CKV_K8S_23", SEARCH).blocks


def test_another_check_of_the_same_object_still_blocks(complete: Workloads) -> None:
    one = root_in("search", "search")
    one["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    assert finding(added(complete, one), "CKV_K8S_16", SEARCH).blocks


def test_an_object_that_its_policy_admits_needs_no_exception(complete: Workloads) -> None:
    assert excepted(added(complete, root_in("search", "search", run_as_non_root=True)), {SEARCH}) == {}


def role(*rules: Object) -> Object:
    meta = {"name": "role", "namespace": "search"}
    return {"apiVersion": RBAC, "kind": "Role", "metadata": meta, "rules": list(rules)}


def test_only_a_role_of_all_rights_is_excepted_from_checks_of_single_rights(complete: Workloads) -> None:
    narrow = {"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["*"]}
    escalate = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["escalate"]}
    all_rights, with_escalate = added(complete, role(EVERYTHING)), added(complete, role(narrow, escalate))
    assert finding(all_rights, "CKV_K8S_158", "Role search/role").status == "waived"
    assert finding(with_escalate, "CKV_K8S_49", "Role search/role").status == "waived"
    assert finding(with_escalate, "CKV_K8S_158", "Role search/role").blocks


def test_a_binding_has_the_exception_of_its_role(complete: Workloads) -> None:
    binding = {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": "binding", "namespace": "search"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "role"},
        "subjects": [{"kind": "ServiceAccount", "name": "search", "namespace": "search"}],
    }
    workloads = added(added(complete, role(EVERYTHING)), binding)
    found = excepted(workloads, {"RoleBinding search/binding"})
    assert (ALL_RIGHTS, "RoleBinding search/binding") in found
    assert finding(workloads, "CKV2_K8S_1", "RoleBinding search/binding").status == "waived"
