"""The evaluation of policies over many objects: mutation first, exceptions, namespaces, lookups."""

from datetime import date
from typing import Any

import pytest

from terrace.workloads import policies
from terrace.workloads.context import Object
from terrace.workloads.policy_evaluation import Violation, after_mutation, denial, evaluate, violations
from terrace.workloads.policy_scope import resource_of
from tests.conftest import ROOT

POLICIES = policies.rendered(ROOT, policies.Parameters("prod", ("registry.example.com/",)))
NAMES = {policy["metadata"]["name"]: policy for policy in POLICIES}
TODAY = date(2030, 1, 1)
LABELS = {"owner": "data-platform", "app.kubernetes.io/part-of": "acme"}
NAMESPACE: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "app", "labels": LABELS}}
DENY: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "default-deny", "namespace": "app"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
BUDGET: Object = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "app", "namespace": "app"},
    "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "app"}}},
}


def deployment(**pod: Any) -> Object:
    container = {
        "name": "app",
        "image": f"registry.example.com/app@sha256:{'0' * 64}",
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "livenessProbe": {"httpGet": {"port": 80}},
        "readinessProbe": {"httpGet": {"port": 80}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "containers": [container],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone", "labelSelector": {}}],
        **pod,
    }
    template = {"metadata": {"labels": {"app.kubernetes.io/name": "app"}}, "spec": spec}
    metadata = {"name": "app", "namespace": "app"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"replicas": 2, "template": template},
    }


def exception(policy: str, until: str = "", **spec: Any) -> Object:
    expires = {"expiresAt": until} if until else {}
    refs = [{"kind": "ValidatingPolicy", "name": policy}]
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "PolicyException",
        "metadata": {"name": policy, "namespace": "app"},
        "spec": {
            "policyRefs": refs,
            "matchConditions": [{"name": "namespace", "expression": "object.metadata.namespace == 'app'"}],
            **expires,
            **spec,
        },
    }


def found(*objects: Object, exceptions: tuple[Object, ...] = ()) -> set[str]:
    return {one.policy for one in violations(objects, POLICIES, exceptions, today=TODAY)}


def test_a_known_good_workload_is_admitted_and_a_known_bad_one_denied() -> None:
    assert found(NAMESPACE, DENY, BUDGET, deployment()) == set()
    bad = violations([NAMESPACE, DENY, BUDGET, deployment(hostNetwork=True)], POLICIES, today=TODAY)
    assert [(one.policy, one.object) for one in bad] == [("no-host-network", "Deployment app/app")]
    assert str(bad[0]).startswith("Deployment app/app: ") and str(bad[0]).endswith("(no-host-network)")


def test_what_is_missing_in_the_cluster_is_found() -> None:
    assert found(NAMESPACE, BUDGET, deployment()) == {"namespaces-have-network-policies"}
    assert found(NAMESPACE, DENY, deployment()) == {"disruption-budget-in-prod"}
    elsewhere = {**BUDGET, "metadata": {"name": "app", "namespace": "other"}}
    assert found(NAMESPACE, DENY, elsewhere, deployment()) == {"disruption-budget-in-prod"}


def test_labels_come_from_the_namespace_before_the_policies_are_evaluated() -> None:
    bare = {**NAMESPACE, "metadata": {"name": "app"}}
    assert found(bare, DENY, BUDGET, deployment()) == {"owner-labels"}
    assert found(DENY, BUDGET, deployment()) == {"owner-labels"}


def test_exceptions_are_honoured_until_they_expire() -> None:
    objects = (NAMESPACE, DENY, BUDGET, deployment(hostNetwork=True))
    assert found(*objects, exceptions=(exception("no-host-network"),)) == set()
    assert found(*objects, exceptions=(exception("no-host-network", "2030-01-01T00:00:00Z"),)) == set()
    assert found(*objects, exceptions=(exception("no-host-network", "2029-12-31T00:00:00Z"),)) == {"no-host-network"}


@pytest.mark.parametrize(
    "other",
    [
        exception("no-host-path"),
        exception("no-host-network", images=["registry.example.com/*"]),
        exception("no-host-network", matchConditions=[{"name": "a", "expression": "object.metadata.namespace == 'b'"}]),
        exception("no-host-network", matchConditions=[{"name": "a", "expression": "object.metadata.labels.a == 'b'"}]),
        exception("no-host-network", policyRefs=[{"kind": "MutatingPolicy", "name": "no-host-network"}]),
    ],
)
def test_an_exception_opens_nothing_else(other: Object) -> None:
    assert found(NAMESPACE, DENY, BUDGET, deployment(hostNetwork=True), exceptions=(other,)) == {"no-host-network"}


def test_nulls_are_absent_values_as_for_the_api_server() -> None:
    assert found(NAMESPACE, DENY, BUDGET, deployment(hostNetwork=None, initContainers=None, volumes=None)) == set()


def test_an_expression_that_fails_or_does_not_compile_denies() -> None:
    policy = NAMES["no-host-network"]
    for expression in ("object.spec.template.spec.nothing == 1", "object.spec.(", "1"):
        broken = {**policy, "spec": {**policy["spec"], "validations": [{"expression": expression, "message": "no"}]}}
        assert denial(broken, deployment()), expression
    assert isinstance(evaluate("nothing", {}), Exception)


def test_a_mutating_policy_that_fails_is_an_error() -> None:
    policy = NAMES["default-api-token"]
    for expression in ("object.spec.nothing", "[JSONPatch{op: 'remove', path: '/spec/a'}]"):
        spec = {**policy["spec"], "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}]}
        with pytest.raises(ValueError):
            after_mutation(deployment(), [{**policy, "spec": spec}])


def test_violations_are_values() -> None:
    assert Violation("a", "Pod b/c", "d") == Violation("a", "Pod b/c", "d")


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Pod", "pods"),
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("Gateway", "gateways"),
        ("PodDisruptionBudget", "poddisruptionbudgets"),
    ],
)
def test_plurals(kind: str, plural: str) -> None:
    assert resource_of(kind) == plural
