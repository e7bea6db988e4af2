"""Service accounts, each bound to its cloud identity."""

from terrace.errors import ContractError
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata

API_REASON = "terrace.dev/kubernetes-api"
"""Annotation of service accounts whose pods call the Kubernetes API, with the reason."""


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The module's own service account, unless its chart creates it, and those of its platform components.

    Pods get a token of the Kubernetes API from their account only if the module declares that it calls it. Raises
    ContractError if one account would have two identities.
    """
    calls_api = "kubernetes-api" in module.contract.network.calls
    result: list[Object] = []
    for account, identity in accounts(module, context).items():
        if account == module.name and module.contract.chart_account:
            continue
        annotations = dict(context.cloud.pod_identity(identity, context.target).annotations) if identity else {}
        if calls_api:
            annotations[API_REASON] = f"{module.name} calls the Kubernetes API, as its module declares"
        result.append(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": metadata(account, module, context, annotations=annotations),
                "automountServiceAccountToken": calls_api,
            }
        )
    return result


def accounts(module: EnabledModule, context: Context) -> dict[str, str]:
    """Service account to its cloud identity; empty if the cloud has none for it."""
    result = {module.name: context.outputs.identities.get(module.name, "") if module.in_foundation else ""}
    for component, need in module.needs.identities.items():
        identity = context.outputs.platform_identities.get(component, "")
        if result.get(need.service_account):
            raise ContractError(
                f"service account {need.service_account} would have two cloud identities",
                where=f"module {module.name}, needs.identities.{component}",
                hint="name another service account",
            )
        result[need.service_account] = identity
    return result


def pod_labels(module: EnabledModule, context: Context) -> dict[str, str]:
    """The labels that the module's pods need to get their cloud identity."""
    result: dict[str, str] = {}
    for identity in accounts(module, context).values():
        if identity:
            result |= context.cloud.pod_identity(identity, context.target).pod_labels
    return result


def has_identity(module: EnabledModule, context: Context) -> bool:
    """Whether any service account of the module has a cloud identity."""
    return any(accounts(module, context).values())
