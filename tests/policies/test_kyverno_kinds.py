"""The policies in policies/kyverno that are not ValidatingPolicies: those that change, create, or verify images.

Mutations run in the product's evaluator. Generation and signatures are Kyverno's own functions: the tests declare
them, so that the expressions around them are checked; `signed` in an image's name means that its signature verifies.
"""

import copy
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml
from cel_expr_python import cel
from cel_expr_python.ext import ext_optional

from terrace.workloads.policy_evaluation import after_mutation, denial
from terrace.workloads.policy_scope import pods_in, spec_for, supports_controllers
from tests.conftest import ROOT
from tests.policies.admission import Document, in_controllers
from tests.policies.test_kyverno import POLICIES, cluster_of

MUTATING = [name for name, policy in POLICIES.items() if policy["kind"] == "MutatingPolicy"]
TEXT, ANY = cel.Type.STRING, cel.Type.DYN
MAP = cel.Type.Map(TEXT, ANY)
ANNOTATIONS = ("title", "category", "severity", "description")


def documents(name: str, file: str) -> list[Document]:
    return list(yaml.safe_load_all((ROOT / "policies" / "kyverno" / name / f"{file}.yaml").read_text()))


def mutate(policy: Document, document: Document) -> Document:
    namespaces = {one["metadata"]["name"]: one for one in cluster_of(policy["metadata"]["name"])}
    return after_mutation(document, [policy], namespaces.get(document["metadata"]["namespace"]))


def test_every_kind_of_policy_is_tested() -> None:
    kinds = {name: policy["kind"] for name, policy in POLICIES.items() if policy["kind"] != "ValidatingPolicy"}
    assert kinds == {
        "default-api-token": "MutatingPolicy",
        "default-deny-in-new-namespaces": "GeneratingPolicy",
        "default-labels": "MutatingPolicy",
        "images-signed": "ImageValidatingPolicy",
    }
    for name in kinds:
        policy = POLICIES[name]
        assert policy["apiVersion"] == "policies.kyverno.io/v1"
        assert policy["metadata"]["name"] == name
        assert all(policy["metadata"]["annotations"][f"policies.kyverno.io/{key}"] for key in ANNOTATIONS)


@pytest.mark.parametrize("name", MUTATING)
def test_a_mutation_turns_each_document_before_into_the_one_after(name: str) -> None:
    assert [mutate(POLICIES[name], one) for one in documents(name, "before")] == documents(name, "after")


@pytest.mark.parametrize("name", MUTATING)
def test_a_mutation_changes_nothing_twice_and_not_its_argument(name: str) -> None:
    for document in documents(name, "before"):
        given = copy.deepcopy(document)
        once = mutate(POLICIES[name], document)
        assert mutate(POLICIES[name], once) == once
        assert document == given


@pytest.mark.parametrize("name", MUTATING)
def test_the_fixtures_notice_every_mutant_of_a_mutation(name: str) -> None:
    survivors = [
        label
        for label, policy in mutants(name)
        if [mutate(policy, one) for one in documents(name, "before")] == documents(name, "after")
    ]
    assert survivors == []


def mutants(name: str) -> Iterator[tuple[str, Document]]:
    spec = POLICIES[name]["spec"]
    expression = spec["mutations"][0]["jsonPatch"]["expression"]
    edits = {
        "no patch": (expression, "[]"),
        "overwrites labels": ("!(key in variables.labels) && ", ""),
        "without owner": ("'owner', ", ""),
        "without part-of": (", 'app.kubernetes.io/part-of'", ""),
        "overwrites the choice of a pod": ("has(variables.pod.automountServiceAccountToken) || ", ""),
        "ignores service accounts": ("!(variables.pod.?serviceAccountName.orValue('') in ['', 'default'])", "false"),
        "the default account counts as own": ("['', 'default']", "['']"),
        "mounts the token": ("value: false", "value: true"),
    }
    for label, (old, new) in edits.items():
        if old in expression:
            policy = copy.deepcopy(POLICIES[name])
            policy["spec"]["mutations"][0]["jsonPatch"]["expression"] = expression.replace(old, new)
            yield label, policy
    for number, rule in enumerate(spec["matchConstraints"]["resourceRules"]):
        for resource in rule["resources"]:
            policy = copy.deepcopy(POLICIES[name])
            policy["spec"]["matchConstraints"]["resourceRules"][number]["resources"].remove(resource)
            yield f"{resource} not matched", policy


def test_after_the_mutations_the_validating_policies_admit_the_pods() -> None:
    namespace = {"metadata": {"labels": {"owner": "data-platform", "app.kubernetes.io/part-of": "acme"}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "a"}, "spec": {"containers": []}}
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "a"}  # type: ignore[index]
    for document in (pod, *in_controllers(pod)):
        for name in ("owner-labels", "pods-without-api-token"):
            assert denial(POLICIES[name], document)
            changed = after_mutation(document, [POLICIES[one] for one in MUTATING], namespace)
            assert denial(POLICIES[name], changed) is None


def generated(policy: Document, document: Document) -> list[Document]:
    """What a GeneratingPolicy creates for an object."""
    created: list[Document] = []

    def create(generator: Any, namespace: str, objects: list[Document]) -> bool:
        created.extend({**one, "metadata": {**one["metadata"], "namespace": namespace}} for one in objects)
        return True

    function = cel.Overload("apply", cel.Type.BOOL, [MAP, TEXT, cel.Type.List(ANY)], is_member=True, impl=create)
    environment = cel.NewEnv(
        variables={"object": ANY, "variables": ANY, "generator": MAP},
        extensions=[ext_optional.ExtOptional()],
        functions=[cel.FunctionDecl("apply", [function])],
    )
    data: dict[str, Any] = {"object": document, "variables": {}, "generator": {}}
    for variable in policy["spec"]["variables"]:
        value = environment.compile(variable["expression"]).eval(data=data)
        assert value.type() != cel.Type.ERROR, value.value()
        data["variables"] = {**data["variables"], variable["name"]: value.plain_value()}
    for generation in policy["spec"]["generate"]:
        value = environment.compile(generation["expression"]).eval(data=data)
        assert value.type() != cel.Type.ERROR, value.value()
    return created


def test_every_namespace_gets_a_policy_that_denies_all_traffic() -> None:
    policy = POLICIES["default-deny-in-new-namespaces"]
    found = [one for document in documents(policy["metadata"]["name"], "before") for one in generated(policy, document)]
    assert found == documents(policy["metadata"]["name"], "after")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "scratch"}, "spec": {}}
    assert denial(POLICIES["namespaces-have-network-policies"], pod)
    assert denial(POLICIES["namespaces-have-network-policies"], pod, cluster=found) is None


def refused(policy: Document, document: Document) -> bool:
    """Whether an ImageValidatingPolicy denies an object: Kyverno passes it the images that its globs match."""
    spec = spec_for(policy["spec"], document)
    if spec is None:
        return False
    globs = [reference["glob"] for reference in spec["matchImageReferences"]]
    (pod,) = [pod for _, pod in pods_in(document)]
    images = {
        kind: [one["image"] for one in pod.get(kind, []) if any(fnmatch(one["image"], glob) for glob in globs)]
        for kind in ("containers", "initContainers", "ephemeralContainers")
    }
    attestors = {one["name"]: one for one in spec["attestors"]}

    def verify(image: str, by: list[Document]) -> int:
        return len(by) if image.endswith("/signed") else 0

    function = cel.Overload("verify", cel.Type.INT, [TEXT, cel.Type.List(ANY)], impl=verify)
    environment = cel.NewEnv(
        variables={"images": cel.Type.Map(TEXT, cel.Type.List(TEXT)), "attestors": MAP},
        extensions=[ext_optional.ExtOptional()],
        functions=[cel.FunctionDecl("verifyImageSignatures", [function])],
    )
    for validation in spec["validations"]:
        value = environment.compile(validation["expression"]).eval(data={"images": images, "attestors": attestors})
        assert value.type() != cel.Type.ERROR, value.value()
        if value.plain_value() is not True:
            return True
    return False


def image_fixtures(kind: str) -> list[Document]:
    pods = documents("images-signed", kind)
    return pods + [one for pod in pods for one in in_controllers(pod)]


def test_images_are_signed_by_the_platform() -> None:
    policy = POLICIES["images-signed"]
    assert supports_controllers(policy["spec"])
    assert not any(refused(policy, one) for one in image_fixtures("pass"))
    assert all(refused(policy, one) for one in image_fixtures("fail"))


def test_the_fixtures_notice_every_mutant_of_the_image_policy() -> None:
    policy = POLICIES["images-signed"]
    expression = policy["spec"]["validations"][0]["expression"]
    kinds = re.findall(r"images\.\?\w+\.orValue\(\[\]\)", expression)
    edits = [*((kind, "[]") for kind in kinds), ("> 0", ">= 0"), ("[attestors.platform]", "[]")]
    assert len(edits) == 5
    for old, new in edits:
        changed = copy.deepcopy(policy)
        changed["spec"]["validations"][0]["expression"] = expression.replace(old, new)
        unchanged = all(refused(changed, one) for one in image_fixtures("fail"))
        assert not (unchanged and not any(refused(changed, one) for one in image_fixtures("pass"))), (old, new)
    changed = copy.deepcopy(policy)
    changed["spec"]["matchImageReferences"] = [{"glob": "*"}]
    assert any(refused(changed, one) for one in image_fixtures("pass"))
