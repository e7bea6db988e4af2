"""Kyverno's policies as native ValidatingAdmissionPolicies, for clusters without Kyverno.

The expressions carry over unchanged. Kyverno derives the policies for pod controllers from those for pods; here a
policy for pods becomes three: for pods and their ephemeral containers, for controllers, and for cron jobs. Not carried
over: policies that look up other objects, verify images or generate objects, since the API server cannot; and mutating
policies, since their native API is not in every version of Kubernetes that clusters run.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Sequence

from terrace.workloads.context import Object
from terrace.workloads.policy_scope import TEMPLATES, in_template, resource_of, supports_controllers

API = "admissionregistration.k8s.io/v1"
_LOOKUP = "resource.List("
_GROUPS = {"Job": "batch", "CronJob": "batch"}


def carries_over(policy: Object) -> str:
    """Why a policy has no native form; empty if it has one."""
    if policy["kind"] != "ValidatingPolicy":
        return {
            "MutatingPolicy": "it changes objects",
            "GeneratingPolicy": "it creates objects",
            "ImageValidatingPolicy": "it verifies signatures in a registry",
        }.get(policy["kind"], f"its kind is {policy['kind']}")
    return "it looks up other objects" if _LOOKUP in json.dumps(policy["spec"]) else ""


def native(policies: Iterable[Object]) -> dict[str, list[Object]]:
    """The native policies and their bindings, by the name of the policy that they come from."""
    return {policy["metadata"]["name"]: list(_of(policy)) for policy in policies if not carries_over(policy)}


def _of(policy: Object) -> Iterator[Object]:
    name, spec = policy["metadata"]["name"], policy["spec"]
    if not supports_controllers(spec):
        yield from _pair(name, policy, spec)
        return
    yield from _pair(name, policy, _for_resources(spec, [("", ["pods", "pods/ephemeralcontainers"])]))
    for suffix, kinds in (
        ("controllers", [kind for kind in TEMPLATES if kind != "CronJob"]),
        ("cronjobs", ["CronJob"]),
    ):
        groups = {group: [k for k in kinds if _GROUPS.get(k, "apps") == group] for group in ("apps", "batch")}
        resources = [(group, [resource_of(kind) for kind in found]) for group, found in groups.items() if found]
        rewritten: Object = json.loads(in_template(json.dumps(spec), TEMPLATES[kinds[0]]))
        yield from _pair(f"{name}-{suffix}", policy, _for_resources(rewritten, resources))


def _for_resources(spec: Object, resources: Sequence[tuple[str, list[str]]]) -> Object:
    """The spec with other resources in its one rule."""
    result = copy.deepcopy(spec)
    (rule,) = result["matchConstraints"]["resourceRules"]
    result["matchConstraints"]["resourceRules"] = [
        {**rule, "apiGroups": [group], "resources": names} for group, names in resources
    ]
    return result


def _pair(name: str, policy: Object, spec: Object) -> Iterator[Object]:
    """A native policy and its binding."""
    metadata = {"name": name, "annotations": policy["metadata"].get("annotations", {})}
    if labels := policy["metadata"].get("labels"):
        metadata["labels"] = labels
    yield {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": metadata,
        "spec": {
            key: spec[key]
            for key in ("failurePolicy", "matchConstraints", "matchConditions", "variables", "validations")
            if key in spec
        },
    }
    yield {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {key: value for key, value in metadata.items() if key != "annotations"},
        "spec": {"policyName": name, "validationActions": spec["validationActions"]},
    }
