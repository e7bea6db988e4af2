"""The policies and Falco rules as they are rendered for an environment."""

import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.registry import SignaturesSpec
from terrace.capabilities.workloads import CloudWorkloads, Endpoint
from terrace.environment import load, target
from terrace.errors import TerraceError
from terrace.modules.contract import Image, Module
from terrace.modules.enabled import EnabledModule
from terrace.workloads import bootstrap, policies, standins, values
from terrace.workloads.context import Context
from terrace.workloads.policy_evaluation import denial
from tests.conftest import ROOT

KEY = "-----BEGIN PUBLIC KEY-----\nZXhhbXBsZQ==\n-----END PUBLIC KEY-----\n"
GIVEN = policies.Parameters("prod", ("registry.example.com/acme/",), ("quay.io/",), ("gateway",))


def module(name: str, **contract: Any) -> EnabledModule:
    base = {"summary": "A module of the tests", "category": "security", "home": "https://example.com", "licence": "MIT"}
    found = Module.model_validate({**base, "version": "1", **contract})
    return EnabledModule(name, found, ROOT / "modules" / name, name, "small", {}, {}, ())


def context(environment: str, *modules: EnabledModule, cloud: str | None = None, metadata: str = "") -> Context:
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    enabled = loaded.with_modules({one.name: one for one in modules})
    endpoints = [Endpoint(metadata, (80,), "credentials")] if metadata else []
    half = cast(CloudWorkloads, SimpleNamespace(METADATA=endpoints, values=lambda outputs, target: {}))
    account = target(enabled)
    return Context(enabled, account, standins.stand_ins(enabled, account), half, ROOT)


KYVERNO = module(
    "kyverno", provides=["admission"], images=[{"repository": "reg.kyverno.io/kyverno/kyverno", "tag": "1"}]
)


def by_name(given: policies.Parameters) -> dict[str, dict[str, Any]]:
    return {policy["metadata"]["name"]: policy for policy in policies.rendered(ROOT, given)}


@pytest.mark.parametrize(("environment", "actions"), [("dev", ["Audit"]), ("staging", ["Deny"]), ("prod", ["Deny"])])
def test_dev_audits_and_the_other_tiers_deny(environment: str, actions: list[str]) -> None:
    release = policies.release(context(environment, KYVERNO))
    assert release is not None
    assert (release.name, release.namespace, release.module, release.after) == (
        "policies", "kyverno", "kyverno", ("kyverno",)
    )  # fmt: skip
    objects = release.values["objects"]
    assert {one["metadata"]["labels"]["terrace.dev/module"] for one in objects} == {"kyverno"}
    found = [one["spec"]["validationActions"] for one in objects if one["kind"] == "ValidatingPolicy"]
    assert len(found) > 30
    assert all(one == actions for one in found)


def test_without_a_module_that_provides_admission_there_are_no_policies() -> None:
    assert policies.release(context("dev", module("other"))) is None


def test_every_policy_of_the_project_is_rendered() -> None:
    folders = {path.parent.name for path in (ROOT / "policies" / "kyverno").glob("*/policy.yaml")}
    assert set(by_name(GIVEN)) == folders - {"images-signed"}
    assert set(by_name(replace(GIVEN, signatures=SignaturesSpec(keys=(KEY,))))) == folders


def test_rendering_changes_parameters_actions_and_namespaces_only() -> None:
    given = replace(GIVEN, repositories=(), registries=("registry.example.com/",), excluded_namespaces=())
    for policy in policies.read(ROOT):
        if policy["kind"] == "ImageValidatingPolicy":
            continue
        rendered = policies.for_environment(policy, given)
        assert rendered["spec"]["matchConstraints"].pop("namespaceSelector") == {
            "matchExpressions": [policies.outside(())]
        }
        assert rendered == policy


def test_the_registries_are_those_of_declared_images_and_the_private_ones() -> None:
    found = context(
        "dev", KYVERNO, module("a", images=[{"repository": "quay.io/a/b", "tag": "1"}], needs={"cache": True})
    )
    outputs = found.outputs.model_copy(update={"repositories": {"a": "registry.example.com/acme-dev/a"}})
    given = policies.parameters(replace(found, outputs=outputs))
    assert given.repositories == ("registry.example.com/acme-dev/",)
    assert given.registries == ("quay.io/", "reg.kyverno.io/")
    policy = by_name(given)["images-from-our-registry"]
    for image, admitted in {
        "registry.example.com/acme-dev/a:1": True,
        "quay.io/any/image:1": True,
        "registry.example.com/another/a:1": False,
        "docker.io/library/postgres:18": False,
    }.items():
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "a"}}
        pod["spec"] = {"containers": [{"name": "a", "image": image}]}  # type: ignore[assignment]
        assert (denial(policy, pod) is None) is admitted, image


def test_the_gateway_is_the_only_firewall_rule() -> None:
    assert policies.parameters(context("dev", KYVERNO)).firewall_rules == ()
    assert policies.parameters(context("dev", module("envoy", provides=["gateway"]))).firewall_rules == ("gateway",)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_namespaces_of_the_cloud_are_left_out(cloud: str) -> None:
    excluded = policies.excluded_namespaces(cloud)
    assert excluded[0] == "kube-system"
    assert len(excluded) > 3
    for policy in policies.rendered(ROOT, replace(GIVEN, excluded_namespaces=excluded)):
        if policy["kind"] != "ValidatingPolicy" or "pods" not in str(policy["spec"]["matchConstraints"]):
            continue
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"image": "a"}]}}
        for namespace in excluded:
            assert denial(policy, {**pod, "metadata": {"name": "a", "namespace": namespace}}) is None


def test_signatures_are_verified_with_any_of_the_keys() -> None:
    other = KEY.replace("ZXhhbXBsZQ==", "b3RoZXI=")
    signatures = SignaturesSpec(keys=(KEY, other), transparency_log=False)
    spec = by_name(replace(GIVEN, signatures=signatures))["images-signed"]["spec"]
    assert [one["cosign"]["key"]["data"] for one in spec["attestors"]] == [KEY, other]
    assert all(one["cosign"]["ctlog"] == {"insecureIgnoreTlog": True} for one in spec["attestors"])
    assert "[attestors.platform1, attestors.platform2]" in spec["validations"][0]["expression"]
    assert spec["matchImageReferences"] == [{"glob": "registry.example.com/acme/*"}]
    logged = by_name(replace(GIVEN, signatures=SignaturesSpec(keys=(KEY,), images=("*",))))["images-signed"]["spec"]
    assert "ctlog" not in logged["attestors"][0]["cosign"]
    assert logged["matchImageReferences"] == [{"glob": "*"}]


def test_values_cannot_leave_their_literal() -> None:
    value = r"a'] || true || ['\''"
    policy = by_name(replace(GIVEN, firewall_rules=(value,)))["no-undeclared-exposure"]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "a"}}
    service["spec"] = {"type": "LoadBalancer"}  # type: ignore[assignment]
    assert denial(policy, service)
    service["metadata"]["annotations"] = {"terrace.dev/firewall-rule": value}  # type: ignore[index]
    assert denial(policy, service) is None


def test_an_unknown_parameter_is_an_error() -> None:
    policy = copy.deepcopy(next(one for one in policies.read(ROOT) if list(policies.parameters_of(one)) == ["tier"]))
    policy["metadata"]["annotations"][policies.PARAMETERS] = "tear"
    with pytest.raises(TerraceError, match="'tear'"):
        policies.for_environment(policy, GIVEN)


def test_falco_reads_the_lists_first_and_the_audit_rules_only_with_their_plugin() -> None:
    files = policies.falco_rules(context("dev"))
    assert list(files) == sorted(files) == ["10-lists.yaml", "20-modules.yaml", "30-rules.yaml"]
    assert files["30-rules.yaml"] == (ROOT / "policies/falco/rules.yaml").read_text()
    assert list(policies.falco_rules(context("dev"), audit=True)) == [*files, "40-audit-rules.yaml"]


def test_falco_s_lists_have_what_the_modules_declare() -> None:
    image = [Image(repository="quay.io/strimzi/kafka", tag="1")]
    kafka = module("kafka", provides=["topics"], images=image)
    dbt = module("dbt", category="transformation", images=[{"repository": "ghcr.io/dbt/dbt", "tag": "1"}])
    agent = module("vector", pod_security="privileged")
    hub = module("jupyterhub", category="notebooks", needs={"lake": {"gold": "read"}})
    written = YAML(typ="safe").load(policies.falco_rules(context("dev", kafka, dbt, agent, hub))["20-modules.yaml"])
    assert all(one["override"] == {"items": "replace"} for one in written)
    lists = {one["list"]: one["items"] for one in written}
    assert lists["data_service_images"] == ["quay.io/strimzi/kafka"]
    assert lists["database_job_images"] == [bootstrap.PSQL.repository, "ghcr.io/dbt/dbt"]
    assert lists["package_manager_namespaces"] == ["jupyterhub"]
    assert set(lists["node_agent_namespaces"]) == {*policies.excluded_namespaces("aws"), "vector"}
    assert "jupyterhub" not in lists["metadata_service_namespaces"]
    pods_use_it = context("dev", hub, metadata="169.254.169.254/32")
    assert "jupyterhub" in policies.falco_lists(pods_use_it)["metadata_service_namespaces"]
    original = YAML(typ="safe").load((ROOT / "policies/falco/lists.yaml").read_text())
    assert set(lists) <= {one.get("list") for one in original}


def test_the_module_that_detects_gets_the_rules_as_a_setting() -> None:
    falco = module("falco", provides=["detection"], settings={"rules": {}})
    own = replace(falco, settings={"rules": {"50-own.yaml": "[]"}})
    found = context("dev", own)
    settings = values.variables(own, found)["module"].settings
    assert settings["rules"] == {**policies.falco_rules(found), "50-own.yaml": "[]"}
