"""The first release of each module: its namespace, identities, network policies, secrets, budgets and exceptions."""

from terrace.modules.enabled import EnabledModule
from terrace.workloads import disruption, exceptions, identities, namespaces, network, secrets
from terrace.workloads.context import Context, Object
from terrace.workloads.release import WIRING, Release

HOME = "kube-system"
"""The namespace of the records of these releases: Helm writes one before it creates the namespace of the module."""

_PARTS = (namespaces, identities, network, secrets, disruption, exceptions)


def release(module: EnabledModule, context: Context) -> Release:
    """The release `<module>-base`. It follows the modules whose kinds it contains, and the one that creates its
    namespace. Raises ContractError."""
    found = objects(module, context)
    after = [_provider(one, context) for one in found]
    if not namespaces.creates(module, context) and module.namespace not in namespaces.CLUSTER_OWN:
        after.append(f"{namespaces.tenants(module.namespace, context)[0].name}-base")
    return Release(
        f"{module.name}-base", HOME, module.name, WIRING, {"objects": found}, tuple(sorted(set(filter(None, after))))
    )


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """All objects of the release. Raises ContractError."""
    return [one for part in _PARTS for one in part.objects(module, context)]


def _provider(one: Object, context: Context) -> str:
    """The release that brings the kind of an object; empty for Kubernetes' and the cluster's own kinds."""
    services = {"external-secrets.io": "secrets", "policies.kyverno.io": "admission"}
    service = services.get(str(one["apiVersion"]).partition("/")[0])
    provider = context.provider(service) if service else None  # type: ignore[arg-type]
    return provider.name if provider else ""
