"""Deliberate faults in the workloads of an environment: the check that must notice it, a label, and the change."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from terrace.assurance.workloads_view import Workloads
from terrace.modules.contract import Module
from terrace.workloads.context import Object
from terrace.workloads.rendering import Rendered
from tests.assurance.workloads import DIGEST

Change = Callable[[Object], object]


def changed(workloads: Workloads, kind: str, name: str, change: Change | None) -> Workloads:
    """The same workloads with objects of a kind and name changed, or removed (None)."""
    seen = False

    def objects(each: Rendered) -> Iterator[Object]:
        nonlocal seen
        for one in each.objects:
            if one["kind"] == kind and name in ("*", one["metadata"]["name"]):
                seen = True
                if change is None:
                    continue
                one = copy.deepcopy(one)
                change(one)
            yield one

    rendered = [replace(each, objects=tuple(objects(each))) for each in workloads.rendered]
    assert seen, f"there is no {kind} {name}"
    return replace(workloads, rendered=rendered)


def added(workloads: Workloads, one: Object) -> Workloads:
    rendered = [
        replace(each, objects=(*each.objects, one)) if each.release.name == "app" else each
        for each in workloads.rendered
    ]
    return replace(workloads, rendered=rendered)


def without(workloads: Workloads, name: str) -> Workloads:
    """The same releases in an environment that lacks a module."""
    context = workloads.context
    rest = {key: one for key, one in context.modules.items() if key != name}
    return replace(workloads, context=replace(context, environment=context.environment.with_modules(rest)))


def with_contract(workloads: Workloads, name: str, **update: Any) -> Workloads:
    """The same releases with another contract of a module."""
    context = workloads.context
    one = context.modules[name]
    contract = Module.model_validate({**one.contract.model_dump(mode="json"), **update})
    modules = {**context.modules, name: replace(one, contract=contract)}
    return replace(workloads, context=replace(context, environment=context.environment.with_modules(modules)))


def on_pod(**spec: Any) -> Change:
    return lambda one: one["spec"]["template"]["spec"].update(spec)


def on_container(**fields: Any) -> Change:
    return lambda one: one["spec"]["template"]["spec"]["containers"][0].update(fields)


def on_spec(**fields: Any) -> Change:
    return lambda one: one["spec"].update(fields)


def on_labels(**labels: Any) -> Change:
    return lambda one: one["metadata"]["labels"].update(labels)


def labelled(key: str, value: str) -> Change:
    return lambda one: one["metadata"]["labels"].update({key: value})


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": "example"}}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "a"},
    "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
}
OPENING = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "extra", "namespace": "app"},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
}
ELSEWHERE = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "extra", "namespace": "app"},
    "spec": {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {"to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}], "ports": [{"port": port} for port in (53, 443, 5432)]}
        ],
    },
}
METRICS = {"protocol": "TCP", "port": 9100}
ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "x", "namespace": "app"},
}
STORE = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "all"}, "spec": {}}
NEVER = {
    "apiVersion": "policies.kyverno.io/v1",
    "kind": "PolicyException",
    "metadata": {"name": "app-x", "namespace": "app"},
    "spec": {"policyRefs": [{"kind": "ValidatingPolicy", "name": "no-host-path"}]},
}

MUTANTS: list[tuple[str, str, Callable[[Workloads], Workloads]]] = [
    (
        "restricted-namespaces",
        "no label",
        lambda w: changed(w, "Namespace", "app", labelled("pod-security.kubernetes.io/enforce", "privileged")),
    ),
    ("restricted-pods", "host network", lambda w: changed(w, "Deployment", "app", on_pod(hostNetwork=True))),
    ("restricted-pods", "root", lambda w: changed(w, "Deployment", "app", on_pod(securityContext={}))),
    ("restricted-pods", "no admission", lambda w: without(w, "kyverno")),
    ("exceptions-dated", "undeclared", lambda w: added(w, NEVER)),
    ("exceptions-dated", "expired", lambda w: replace(w, today=date(2031, 1, 1))),
    (
        "exceptions-dated",
        "another date",
        lambda w: changed(w, "PolicyException", "*", on_spec(expiresAt="2035-01-01T00:00:00Z")),
    ),
    (
        "images-pinned",
        "no digest declared",
        lambda w: with_contract(w, "app", images=[{"repository": "registry.example.com/app", "tag": "1"}]),
    ),
    (
        "images-pinned",
        "no digest used",
        lambda w: changed(w, "Deployment", "app", on_container(image="registry.example.com/app:1")),
    ),
    (
        "images-declared",
        "another image",
        lambda w: changed(w, "Deployment", "app", on_container(image=f"registry.example.com/b@{DIGEST}")),
    ),
    (
        "images-declared",
        "another registry",
        lambda w: changed(w, "Deployment", "app", on_container(image=f"evil.example.com/app@{DIGEST}")),
    ),
    ("images-signed", "no policy", lambda w: changed(w, "ImageValidatingPolicy", "*", None)),
    (
        "images-signed",
        "another key",
        lambda w: changed(
            w, "ImageValidatingPolicy", "*", lambda one: one["spec"]["attestors"][0]["cosign"]["key"].update(data="x")
        ),
    ),
    ("default-deny", "no policy", lambda w: changed(w, "NetworkPolicy", "default-deny", None)),
    (
        "default-deny",
        "ingress only",
        lambda w: changed(w, "NetworkPolicy", "default-deny", on_spec(policyTypes=["Ingress"])),
    ),
    (
        "default-deny",
        "some pods",
        lambda w: changed(w, "NetworkPolicy", "default-deny", on_spec(podSelector={"matchLabels": {"a": "b"}})),
    ),
    ("declared-openings-only", "all addresses", lambda w: added(w, OPENING)),
    ("declared-openings-only", "other addresses", lambda w: added(w, ELSEWHERE)),
    (
        "declared-openings-only",
        "no longer declared",
        lambda w: with_contract(w, "app", network={"ports": {"http": 8080, "metrics": 9100}}),
    ),
    (
        "declared-openings-only",
        "any port",
        lambda w: changed(w, "NetworkPolicy", "to-search", lambda one: one["spec"]["egress"][0].pop("ports")),
    ),
    (
        "declared-openings-only",
        "another port of a called module",
        lambda w: changed(
            w, "NetworkPolicy", "to-search", lambda one: one["spec"]["egress"][0]["ports"].append(METRICS)
        ),
    ),
    ("declared-openings-open", "one end closed", lambda w: changed(w, "NetworkPolicy", "from-app", None)),
    ("no-secret-values", "a Secret", lambda w: added(w, SECRET)),
    (
        "no-secret-values",
        "a variable",
        lambda w: changed(w, "Deployment", "app", on_container(env=[{"name": "DB_PASSWORD", "value": "x"}])),
    ),
    ("declared-secrets", "no ExternalSecret", lambda w: changed(w, "ExternalSecret", "app-keys", None)),
    (
        "declared-secrets",
        "a key lacks",
        lambda w: changed(
            w, "ExternalSecret", "app-keys", lambda one: one["spec"]["target"]["template"]["data"].clear()
        ),
    ),
    ("own-store", "a store for all", lambda w: added(w, STORE)),
    (
        "own-store",
        "another identity",
        lambda w: changed(w, "SecretStore", "app", on_spec(provider={"aws": {"role": "another"}})),
    ),
    ("log-in-at-the-gateway", "no single sign-on", lambda w: changed(w, "SecurityPolicy", "app", None)),
    (
        "log-in-at-the-gateway",
        "everyone",
        lambda w: changed(w, "SecurityPolicy", "app", on_spec(authorization={"defaultAction": "Allow"})),
    ),
    ("log-in-at-the-gateway", "no rate limit", lambda w: changed(w, "BackendTrafficPolicy", "api", None)),
    (
        "log-in-at-the-gateway",
        "no rate limit for WebSockets",
        lambda w: changed(w, "BackendTrafficPolicy", "api.websocket", lambda one: one["spec"].pop("rateLimit")),
    ),
    (
        "log-in-at-the-gateway",
        "log-in for one rule only",
        lambda w: changed(
            w, "SecurityPolicy", "app", lambda one: one["spec"]["targetRefs"][0].update(sectionName="websocket")
        ),
    ),
    ("log-in-at-the-gateway", "undeclared route", lambda w: added(w, ROUTE)),
    ("log-in-at-the-gateway", "no route", lambda w: changed(w, "HTTPRoute", "app", None)),
    ("least-privilege", "wildcards", lambda w: added(w, ROLE)),
    (
        "least-privilege",
        "a token",
        lambda w: changed(w, "Deployment", "app", on_pod(automountServiceAccountToken=True)),
    ),
    ("own-accounts", "no account", lambda w: changed(w, "ServiceAccount", "app", None)),
    ("resources-limited", "no quota", lambda w: changed(w, "ResourceQuota", "*", None)),
    ("resources-limited", "no limit", lambda w: changed(w, "Deployment", "app", on_container(resources={}))),
    ("disruption-limited", "no budget", lambda w: changed(w, "PodDisruptionBudget", "*", None)),
    ("disruption-limited", "one replica", lambda w: changed(w, "Deployment", "app", on_spec(replicas=1))),
    ("disruption-limited", "one zone", lambda w: changed(w, "Deployment", "app", on_pod(topologySpreadConstraints=[]))),
    ("metrics-scraped", "no monitor", lambda w: changed(w, "PodMonitor", "*", None)),
    (
        "metrics-scraped",
        "another port",
        lambda w: changed(w, "PodMonitor", "*", lambda one: one["spec"]["podMetricsEndpoints"][0].update(portNumber=1)),
    ),
    ("metrics-scraped", "no endpoint", lambda w: with_contract(w, "app", observability={})),
    ("alerts-and-objectives", "no rules", lambda w: changed(w, "PrometheusRule", "app-slo", None)),
    (
        "alerts-and-objectives",
        "no severity",
        lambda w: changed(
            w,
            "PrometheusRule",
            "app-slo",
            lambda one: [
                rule["labels"].pop("severity", None) for group in one["spec"]["groups"] for rule in group["rules"]
            ],
        ),
    ),
    (
        "volumes-backed-up",
        "no volumes",
        lambda w: changed(w, "Schedule", "app", lambda one: one["spec"]["template"].update(snapshotVolumes=False)),
    ),
    (
        "volumes-backed-up",
        "a day",
        lambda w: changed(w, "Schedule", "app", lambda one: one["spec"]["template"].update(ttl="24h0m0s")),
    ),
    ("cluster-backed-up", "a namespace lacks", lambda w: changed(w, "Schedule", "search", None)),
    ("cluster-backed-up", "another identity", lambda w: with_contract(w, "velero", needs={})),
    ("runtime-detection", "no Falco", lambda w: without(w, "falco")),
    (
        "runtime-detection",
        "other rules",
        lambda w: replace(
            w,
            rendered=[
                replace(one, release=replace(one.release, values={})) if one.release.name == "falco" else one
                for one in w.rendered
            ],
        ),
    ),
    ("policies-enforced", "no Kyverno", lambda w: without(w, "kyverno")),
    (
        "policies-enforced",
        "audits only",
        lambda w: changed(w, "ValidatingPolicy", "no-host-path", on_spec(validationActions=["Audit"])),
    ),
    ("policies-enforced", "one lacks", lambda w: changed(w, "ValidatingPolicy", "no-host-path", None)),
    (
        "policies-enforced",
        "weakened",
        lambda w: changed(
            w, "ValidatingPolicy", "no-host-path", lambda one: one["spec"]["validations"][0].update(expression="true")
        ),
    ),
    (
        "mutual-tls",
        "permissive",
        lambda w: changed(w, "PeerAuthentication", "default", on_spec(mtls={"mode": "DISABLE"})),
    ),
    (
        "mutual-tls",
        "outside the mesh",
        lambda w: changed(w, "Namespace", "app", labelled("istio.io/dataplane-mode", "none")),
    ),
]
