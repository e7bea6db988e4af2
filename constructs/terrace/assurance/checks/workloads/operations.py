"""Checks of monitoring (WL-10), backups (WL-11, BAK-2), detection (WL-12) and admission (WL-13)."""

from collections.abc import Iterator

from terrace.assurance.checks.workloads.lookup import alerts_in, spec_of
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, empty, equal, includes
from terrace.assurance.workloads_view import Workloads
from terrace.calls import Absent
from terrace.workloads import policies
from terrace.workloads.policy_scope import title_of


@check("WL-10")
def metrics_scraped(workloads: Workloads) -> Iterator[Observation]:
    """Each metrics endpoint that a module declares is scraped."""
    if workloads.context.provider("metrics") is None:
        raise NotRequired("no enabled module provides metrics")
    for module in workloads.modules:
        contract = module.contract
        if not contract.chart or "metrics" in contract.provides:  # which scrapes its own pods
            continue
        number, reason = len(contract.observability.scrape), contract.observability.without_metrics
        fact = f"metrics endpoints: {number}" + (f", because {reason}" if reason else "")
        yield Observation(module.name, fact, bool(number or reason), "at least one, or the reason for none")
        found = [
            (endpoint.get("portNumber"), endpoint.get("path", "/metrics"))
            for one in workloads.kind("PodMonitor", namespace=module.namespace)
            for endpoint in spec_of(one).get("podMetricsEndpoints", [])
        ]
        wanted = [(contract.network.ports[scrape.port], scrape.path) for scrape in contract.observability.scrape]
        missing = [f"{port}{path}" for port, path in wanted if (port, path) not in found]
        yield empty(module.name, "endpoints that nothing scrapes", missing)


@check("WL-10")
def alerts_and_objectives(workloads: Workloads) -> Iterator[Observation]:
    """The alerts of each module, and those on its objective, are in the cluster."""
    if workloads.context.provider("metrics") is None:
        raise NotRequired("no enabled module provides metrics")
    for module in workloads.modules:
        alerts = alerts_in(workloads.kind("PrometheusRule", namespace=module.namespace))
        if any((module.folder / "alerts").glob("*.yaml")) or module.contract.observability.slo:
            yield at_least(module.name, "alerts", len(alerts), 1)
        if module.contract.observability.slo:
            burning = {rule["labels"].get("severity") for rule in alerts if rule["alert"] == "ErrorBudgetBurns"}
            yield Observation(
                module.name, f"burn-rate alerts: {sorted(map(str, burning))}", bool(burning), "at least one"
            )
        unrouted = [rule["alert"] for rule in alerts if not rule.get("labels", {}).get("severity")]
        yield empty(module.name, "alerts without a severity", unrouted)


@check("WL-11")
def volumes_backed_up(workloads: Workloads) -> Iterator[Observation]:
    """The volumes of each module that asks for it are in a backup, kept for the environment's retention."""
    wanted = [one for one in workloads.modules if one.contract.backup]
    if not wanted:
        raise NotRequired("no module asks for a backup of its volumes")
    least = workloads.context.environment.backup.retention_days * 24
    for module in wanted:
        found = [spec_of(one).get("template", {}) for one in workloads.kind("Schedule")
                 if module.namespace in spec_of(one).get("template", {}).get("includedNamespaces", [])]  # fmt: skip
        volumes = any(one.get("snapshotVolumes") for one in found)
        yield Observation(module.name, f"volumes in a schedule: {volumes}", volumes, "a schedule with volumes")
        for one in found:
            yield at_least(module.name, "hours kept", int(str(one.get("ttl", "0h")).partition("h")[0]), least)


@check("BAK-2")
def cluster_backed_up(workloads: Workloads) -> Iterator[Observation]:
    """Velero runs as the identity that may write the backup bucket, and each namespace has a schedule."""
    velero = workloads.context.provider("backup")
    if velero is None:
        raise NotRequired("no enabled module provides backup")
    yield Observation(
        velero.name, "has the identity velero", "velero" in velero.needs.identities, "needs.identities.velero"
    )
    scheduled = {
        namespace
        for one in workloads.kind("Schedule")
        for namespace in spec_of(one).get("template", {}).get("includedNamespaces", [])
    }
    yield includes("all releases", "namespaces with a schedule", scheduled, workloads.namespaces)


@check("WL-12")
def runtime_detection(workloads: Workloads) -> Iterator[Observation]:
    """Falco runs with the project's rules, filled from the modules; outside dev it is required."""
    provider = workloads.context.provider("detection")
    if provider is None:
        if workloads.context.environment.tier == "dev":
            raise NotRequired("no enabled module provides detection, which dev does not require")
        raise Absent("no enabled module provides detection")
    wanted = policies.falco_rules(workloads.context)
    values = [one.release.values for one in workloads.rendered if one.release.name == provider.name]
    rules = values[0].get("customRules", {}) if values else {}
    for name, content in wanted.items():
        have = rules.get(name) == content
        yield Observation(
            f"{provider.name}/{name}", f"rendered for the environment: {have}", have, "the project's rules"
        )


@check("WL-13")
def policies_enforced(workloads: Workloads) -> Iterator[Observation]:
    """All policies of the project are installed: they deny in staging and prod, and audit in dev."""
    if workloads.context.provider("admission") is None:
        raise Absent("no enabled module provides admission")
    installed = {
        one["metadata"]["name"]: one
        for one in workloads.kind("ValidatingPolicy", "MutatingPolicy", "GeneratingPolicy", "ImageValidatingPolicy")
    }
    yield includes("all releases", "policies", installed, [one["metadata"]["name"] for one in workloads.policies])
    actions = policies.parameters(workloads.context).actions
    expected = {one["metadata"]["name"]: one["spec"] for one in workloads.policies}
    for name, one in installed.items():
        if one["kind"] in ("ValidatingPolicy", "ImageValidatingPolicy"):
            yield equal(title_of(one), "validationActions", spec_of(one).get("validationActions"), actions)
        yield Observation(
            title_of(one), "as the project has it", spec_of(one) == expected.get(name), "the project's policy"
        )
