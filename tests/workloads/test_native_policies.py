"""Kyverno's policies as native ValidatingAdmissionPolicies: the same verdicts, by a reading of the API's own fields."""

import pytest

from terrace.workloads import native_policies, policies
from terrace.workloads.context import Object
from terrace.workloads.policy_evaluation import denial
from tests.conftest import ROOT
from tests.policies.admission import in_controllers
from tests.policies.test_kyverno import VALIDATING, compliant, fixtures, violating

PARAMETERS = policies.Parameters("prod", ("registry.example.com/",), (), ("gateway",))
RENDERED = {policy["metadata"]["name"]: policy for policy in policies.rendered(ROOT, PARAMETERS)}
NATIVE = native_policies.native(RENDERED.values())
WITHOUT = {
    "default-api-token",
    "default-deny-in-new-namespaces",
    "default-labels",
    "disruption-budget-in-prod",
    "namespaces-have-network-policies",
}


def test_what_does_not_carry_over_is_named_with_a_reason() -> None:
    assert {name for name, policy in RENDERED.items() if native_policies.carries_over(policy)} == WITHOUT
    assert set(NATIVE) == set(RENDERED) - WITHOUT


def test_each_policy_has_a_binding_of_the_same_actions() -> None:
    names = []
    for name, objects in NATIVE.items():
        pairs = list(zip(objects[::2], objects[1::2], strict=True))
        assert len(pairs) in (1, 3)
        for policy, binding in pairs:
            assert {one["apiVersion"] for one in (policy, binding)} == {"admissionregistration.k8s.io/v1"}
            assert (policy["kind"], binding["kind"]) == (
                "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
            )  # fmt: skip
            assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
            assert policy["spec"]["failurePolicy"] == "Fail"
            assert policy["spec"]["matchConstraints"]["namespaceSelector"]
            names.append(policy["metadata"]["name"])
        assert pairs[0][0]["metadata"]["name"] == name
    assert len(names) == len(set(names))
    assert all(len(name) <= 63 for name in names)


def verdict(name: str, document: Object) -> bool:
    """Whether the native policies of a name deny a document: each as it is, without Kyverno's rewriting."""
    found = []
    for policy in NATIVE[name][::2]:
        alone = {**policy, "spec": {**policy["spec"], "matchConstraints": {**policy["spec"]["matchConstraints"]}}}
        alone["spec"]["matchConstraints"]["excludeResourceRules"] = [{}]  # so that the evaluator rewrites nothing
        found.append(denial(alone, document))
    return any(found)


@pytest.mark.parametrize("name", sorted(NATIVE))
def test_the_native_policies_have_the_verdicts_of_the_policy(name: str) -> None:
    assert not any(verdict(name, document) for document in fixtures(name, "pass"))
    assert all(verdict(name, document) for document in fixtures(name, "fail"))


def test_a_compliant_pod_is_admitted_and_a_violating_one_denied() -> None:
    prod_only = {"replicated-in-prod", "spread-over-zones-in-prod"}
    for document in (compliant(), *in_controllers(compliant())):
        assert {name for name in NATIVE if verdict(name, document)} <= prod_only
    for document in (violating(), *in_controllers(violating())):
        denied = {name for name in NATIVE if verdict(name, document)}
        assert {name for name, policy in VALIDATING.items() if "[pods]" in str(policy)} <= denied


def test_ephemeral_containers_are_matched_too() -> None:
    pods = NATIVE["images-pinned-by-digest"][0]["spec"]["matchConstraints"]["resourceRules"]
    assert [rule["resources"] for rule in pods] == [["pods", "pods/ephemeralcontainers"]]
    controllers = NATIVE["images-pinned-by-digest"][2]["spec"]["matchConstraints"]["resourceRules"]
    assert {resource for rule in controllers for resource in rule["resources"]} == {
        "deployments", "statefulsets", "daemonsets", "replicasets", "jobs"
    }  # fmt: skip
