"""The policies in policies/kyverno: structure, fixtures and mutants, on a real CEL engine."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from terrace.workloads.policy_evaluation import denial
from terrace.workloads.policy_scope import supports_controllers
from tests.conftest import ROOT
from tests.policies.admission import Document, in_controllers

FOLDERS = sorted(path for path in (ROOT / "policies" / "kyverno").iterdir() if path.is_dir())
POLICIES: dict[str, Document] = {path.name: yaml.safe_load((path / "policy.yaml").read_text()) for path in FOLDERS}
VALIDATING = {name: policy for name, policy in POLICIES.items() if policy["kind"] == "ValidatingPolicy"}
NAMES = list(VALIDATING)
DIGEST = "@sha256:" + "0" * 64
CONTAINERS = r"object\.spec\.\?(?:init|ephemeral)Containers\.orValue\(\[\]\)"
CHANGING = ("MutatingPolicy", "GeneratingPolicy")
SPEC_KEYS = {"validationActions", "failurePolicy", "matchConstraints", "matchConditions", "variables", "validations"}


def fixtures(name: str, kind: str) -> list[Document]:
    """The documents of a fixture file; a pod also as the template of controllers where the policy applies to them."""
    documents = list(yaml.safe_load_all((ROOT / "policies" / "kyverno" / name / f"{kind}.yaml").read_text()))
    if supports_controllers(POLICIES[name]["spec"]):
        documents += [wrapped for pod in list(documents) if pod["kind"] == "Pod" for wrapped in in_controllers(pod)]
    return documents


def cluster_of(name: str) -> list[Document]:
    """The objects that are in the cluster when the fixtures of a policy are admitted."""
    path = ROOT / "policies" / "kyverno" / name / "cluster.yaml"
    return list(yaml.safe_load_all(path.read_text())) if path.is_file() else []


def denied(policy: Document, document: Document, *more: Any) -> str | None:
    """The denial of a fixture, or of another document, in the cluster of the policy's fixtures."""
    return denial(policy, document, *more, cluster=cluster_of(policy["metadata"]["name"]))


def compliant() -> Document:
    """A pod that every policy admits."""
    container: Document = {
        "image": f"registry.example.com/app{DIGEST}",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    labels = {"app.kubernetes.io/name": "app", "app.kubernetes.io/part-of": "terrace", "owner": "data-platform"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "namespace": "closed", "labels": labels, "annotations": None},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{"name": "app", **container}],
            "initContainers": [{"name": "init", **container}],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }


def violating() -> Document:
    """A pod that every policy for pods denies."""
    context = {
        "privileged": True,
        "runAsNonRoot": False,
        "runAsUser": 0,
        "procMount": "Unmasked",
        "seccompProfile": {"type": "Unconfined"},
        "appArmorProfile": {"type": "Unconfined"},
        "seLinuxOptions": {"type": "spc_t"},
        "windowsOptions": {"hostProcess": True},
    }
    container = {
        "name": "app",
        "image": "docker.io/library/app:latest",
        "securityContext": context,
        "ports": [{"containerPort": 80, "hostPort": 80}],
        "startupProbe": {"httpGet": {"host": "169.254.169.254", "port": 80}},
        "env": [{"name": "PASSWORD", "value": "example"}],
    }
    spec = {
        "hostNetwork": True,
        "hostPID": True,
        "hostIPC": True,
        "securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]},
        "containers": [container],
        "volumes": [{"name": "root", "hostPath": {"path": "/"}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "namespace": "default"}, "spec": spec}


def for_pods() -> list[str]:
    return [name for name in NAMES if "pods" in json.dumps(POLICIES[name]["spec"]["matchConstraints"])]


def with_parameter(name: str, parameter: str, expression: str) -> Document:
    policy = copy.deepcopy(POLICIES[name])
    next(variable for variable in policy["spec"]["variables"] if variable["name"] == parameter)["expression"] = (
        expression
    )
    return policy


def mutants(name: str) -> Iterator[tuple[str, str, Document]]:
    """Its label, the fixtures that must notice it, and the policy with that deliberate error."""
    spec = POLICIES[name]["spec"]

    def changed(label: str, noticed_by: str, change: Any) -> tuple[str, str, Document]:
        policy = copy.deepcopy(POLICIES[name])
        change(policy["spec"])
        return label, noticed_by, policy

    for number, validation in enumerate(spec["validations"]):
        for label, noticed_by, expression in (
            ("dropped", "fail", "true"),
            ("false", "pass", "false"),
            ("negated", "pass", f"!({validation['expression']})"),
        ):
            yield changed(
                f"validation {number} {label}",
                noticed_by,
                lambda new, n=number, e=expression: new["validations"][n].update(expression=e),
            )
    for number, condition in enumerate(spec.get("matchConditions", [])):
        yield changed(
            f"match condition {condition['name']} false",
            "fail",
            lambda new, n=number: new["matchConditions"][n].update(expression="false"),
        )
        if "request" not in condition["expression"]:  # fixtures have no request; a test of its own covers these
            yield changed(
                f"match condition {condition['name']} dropped",
                "pass",
                lambda new, n=number: new["matchConditions"][n].update(expression="true"),
            )
    for number, rule in enumerate(spec["matchConstraints"]["resourceRules"]):
        for resource in rule["resources"]:
            yield changed(
                f"{resource} not matched",
                "fail",
                lambda new, n=number, r=resource: new["matchConstraints"]["resourceRules"][n]["resources"].remove(r),
            )
    for number, variable in enumerate(spec.get("variables", [])):
        for kind in re.findall(
            r"object\.spec\.\?(?:init|ephemeral)Containers\.orValue\(\[\]\)", variable["expression"]
        ):
            yield changed(
                f"variable {variable['name']} without {kind}",
                "fail",
                lambda new, n=number, k=kind: new["variables"][n].update(
                    expression=new["variables"][n]["expression"].replace(k, "[]")
                ),
            )


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_has_the_structure_of_its_kind(name: str) -> None:
    policy = POLICIES[name]
    assert (policy["apiVersion"], policy["kind"]) == ("policies.kyverno.io/v1", "ValidatingPolicy")
    assert set(policy) == {"apiVersion", "kind", "metadata", "spec"}
    assert policy["metadata"]["name"] == name
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    annotations = policy["metadata"]["annotations"]
    for key in ("title", "category", "severity", "description"):
        assert annotations[f"policies.kyverno.io/{key}"], key
    assert annotations["policies.kyverno.io/severity"] in ("low", "medium", "high", "critical")
    spec = policy["spec"]
    assert set(spec) <= SPEC_KEYS
    assert (spec["validationActions"], spec["failurePolicy"]) == (["Deny"], "Fail")
    for rule in spec["matchConstraints"]["resourceRules"]:
        assert set(rule) == {"apiGroups", "apiVersions", "operations", "resources"}
        assert rule["operations"] == ["CREATE", "UPDATE"]
    for key in ("matchConditions", "variables"):
        assert all(set(item) == {"name", "expression"} for item in spec.get(key, []))
        names = [item["name"] for item in spec.get(key, [])]
        assert len(names) == len(set(names))
    assert spec["validations"]
    assert all(set(item) == {"expression", "message"} for item in spec["validations"])
    messages = [item["message"] for item in spec["validations"]]
    assert len(messages) == len(set(messages))
    assert not any("object." in message for message in messages), "Kyverno rewrites object. in the text for controllers"


def test_titles_are_unique_and_folders_hold_the_same_files() -> None:
    titles = [policy["metadata"]["annotations"]["policies.kyverno.io/title"] for policy in POLICIES.values()]
    assert len(titles) == len(set(titles))
    for folder in FOLDERS:
        fixtures = (
            ["after.yaml", "before.yaml"] if POLICIES[folder.name]["kind"] in CHANGING else ["fail.yaml", "pass.yaml"]
        )
        files = sorted(path.name for path in folder.iterdir())
        assert [name for name in files if name != "cluster.yaml"] == [*fixtures, "policy.yaml"]


def test_the_readme_lists_every_policy_once() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "policies" / "kyverno" / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(POLICIES)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_variables_with_a_literal_value(name: str) -> None:
    parameters = POLICIES[name]["metadata"]["annotations"].get("terrace.dev/parameters", "")
    variables = {variable["name"]: variable["expression"] for variable in POLICIES[name]["spec"].get("variables", [])}
    for parameter in filter(None, parameters.split(",")):
        assert re.fullmatch(r"'[^']*'|\[('[^']*'(, )?)+\]", variables[parameter])


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_admits_its_pass_fixtures_and_denies_its_fail_fixtures(name: str) -> None:
    messages = {validation["message"] for validation in POLICIES[name]["spec"]["validations"]}
    for kind in ("pass", "fail"):
        ids = [document["kind"] + "/" + document["metadata"]["name"] for document in fixtures(name, kind)]
        assert len(ids) == len(set(ids)) and len(ids) >= 2
    admitted = {document["metadata"]["name"]: denied(POLICIES[name], document) for document in fixtures(name, "pass")}
    assert {document: message for document, message in admitted.items() if message} == {}
    rows = [
        (document["kind"], document["metadata"]["name"], denied(POLICIES[name], document))
        for document in fixtures(name, "fail")
    ]
    assert [row for row in rows if row[2] not in messages] == []
    assert {row[2] for row in rows} == messages, "every validation has a fail fixture"


@pytest.mark.parametrize("name", NAMES)
def test_the_fixtures_notice_every_mutant(name: str) -> None:
    survivors = []
    for label, noticed_by, policy in mutants(name):
        results = [denied(policy, document) for document in fixtures(name, noticed_by)]
        if (None not in results) if noticed_by == "fail" else not any(results):
            survivors.append(label)
    assert survivors == []


def test_every_policy_admits_a_compliant_pod_and_the_policies_for_pods_deny_a_violating_one() -> None:
    for document in (compliant(), *in_controllers(compliant())):
        messages = {name: denied(policy, document) for name, policy in VALIDATING.items()}
        expected = {"replicated-in-prod", "spread-over-zones-in-prod"} if document["kind"] == "Deployment" else set()
        assert {name for name, message in messages.items() if message} == expected, messages
    for document in (violating(), *in_controllers(violating())):
        assert [name for name in for_pods() if not denied(POLICIES[name], document)] == []


def test_an_expression_that_fails_denies() -> None:
    policy = copy.deepcopy(POLICIES["no-host-network"])
    policy["spec"]["validations"][0]["expression"] = "object.spec.hostNetwork == false"
    assert str(denied(policy, compliant())).startswith("error: NOT_FOUND")
    policy["spec"]["matchConditions"] = [{"name": "broken", "expression": "object.spec.hostNetwork"}]
    assert str(denied(policy, compliant())).startswith("error in match condition broken: NOT_FOUND")


@pytest.mark.parametrize("name", ["disruption-budget-in-prod", "replicated-in-prod", "spread-over-zones-in-prod"])
def test_replicas_and_spread_are_required_in_prod_only(name: str) -> None:
    for tier in ("dev", "staging"):
        policy = with_parameter(name, "tier", f"'{tier}'")
        assert [denied(policy, document) for document in fixtures(name, "fail")] == [None] * len(fixtures(name, "fail"))


def test_the_registries_and_firewall_rules_are_those_of_the_parameters() -> None:
    pod = compliant()
    other = with_parameter("images-from-our-registry", "registries", "['example.azurecr.io/', 'other.example.com/']")
    assert denied(other, pod)
    for container in pod["spec"]["containers"] + pod["spec"]["initContainers"]:
        container["image"] = f"example.azurecr.io/app{DIGEST}"
    assert denied(other, pod) is None
    none = with_parameter("no-undeclared-exposure", "firewall_rules", "[]")
    services = [
        document for document in fixtures("no-undeclared-exposure", "pass") if "annotations" in document["metadata"]
    ]
    assert services
    assert all(denied(none, document) for document in services)


@pytest.mark.parametrize("name", ["no-wildcard-permissions", "no-cluster-admin"])
def test_only_the_api_server_may_write_its_built_in_roles(name: str) -> None:
    for username, refused in (("system:apiserver", False), ("system:admin", True)):
        request = {"userInfo": {"username": username, "groups": ["system:masters"]}}
        assert {bool(denied(POLICIES[name], document, request)) for document in fixtures(name, "fail")} == {refused}
    assert all(denied(POLICIES[name], document, {}) for document in fixtures(name, "fail")), (
        "a background scan has no user"
    )


def test_pod_policies_apply_to_controllers() -> None:
    alone = [name for name in for_pods() if not supports_controllers(POLICIES[name]["spec"])]
    assert alone == ["no-default-namespace"], "it lists the controllers itself"
