"""The `<module>-integration` release: what connects a module to the gateway, the metrics, the backups and the mesh."""

from collections.abc import Callable

from terrace.modules.contract import Service
from terrace.modules.enabled import EnabledModule
from terrace.workloads import alerts, backups, certificates, dashboards, gateway, hosts, mesh, monitoring, slo
from terrace.workloads.context import Context, Object
from terrace.workloads.release import WIRING, Release

_KINDS: tuple[Callable[[EnabledModule, Context], list[Object]], ...] = (
    certificates.objects,
    gateway.objects,
    hosts.objects,
    monitoring.objects,
    slo.objects,
    alerts.objects,
    dashboards.objects,
    backups.objects,
    mesh.objects,
)

_CRDS: dict[str, Service] = {
    "gateway.networking.k8s.io": "gateway",
    "gateway.envoyproxy.io": "gateway",
    "configuration.konghq.com": "gateway",
    "cert-manager.io": "certificates",
    "external-secrets.io": "secrets",
    "monitoring.coreos.com": "metrics",
    "velero.io": "backup",
    "security.istio.io": "mesh",
    "elbv2.k8s.aws": "load-balancing",
}
"""API group to the service whose module installs its definitions."""


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """All objects of the release."""
    return [each for kind in _KINDS for each in kind(module, context)]


def release(module: EnabledModule, context: Context) -> Release | None:
    """The release, after the modules whose definitions its objects need; None if it is empty."""
    result = objects(module, context)
    if not result:
        return None
    services = {service for each in result if (service := _CRDS.get(_group(each)))}
    providers = [provider for service in sorted(services) if (provider := context.provider(service))]
    after = [(provider.chart_releases or (provider.name,))[-1] for provider in providers]
    issuer = context.provider("certificates")
    if "certificates" in services and issuer and issuer.name != module.name:
        after.append(f"{issuer.name}-integration")  # has the issuer that the certificate names
    values = {"objects": result}
    return Release(f"{module.name}-integration", module.namespace, module.name, WIRING, values, tuple(after))


def _group(each: Object) -> str:
    return str(each["apiVersion"]).partition("/")[0]
