"""Exceptions from policies, each limited to one module's namespace and to a date.

Source: Kyverno, CRD policyexceptions.policies.kyverno.io, version v1.
"""

from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """A PolicyException for each exception of the module's contract, for its base release.

    None if no module provides admission, or if it is installed after this one: see `deferred`.
    """
    return [] if _is_deferred(module, context) else _exceptions(module, context)


def deferred(context: Context) -> list[Object]:
    """The exceptions of the modules that are installed before the policies exist; they belong into the policies'
    release, which follows the module that provides admission."""
    if context.provider("admission") is None:
        return []
    modules = [module for module in context.modules.values() if _is_deferred(module, context)]
    return [one for module in modules for one in _exceptions(module, context)]


def _is_deferred(module: EnabledModule, context: Context) -> bool:
    provider = context.provider("admission")
    order = list(context.modules)
    return provider is None or order.index(module.name) <= order.index(provider.name)


def _exceptions(module: EnabledModule, context: Context) -> list[Object]:
    return [
        {
            "apiVersion": "policies.kyverno.io/v1",
            "kind": "PolicyException",
            "metadata": metadata(f"{module.name}-{exception.policy}", module, context),
            "spec": {
                "policyRefs": [{"kind": "ValidatingPolicy", "name": exception.policy}],
                "matchConditions": [{"name": "module", "expression": _own(module)}],
                "expiresAt": f"{exception.until.isoformat()}T23:59:59Z",
                "properties": {"reason": exception.reason},
            },
        }
        for exception in module.contract.exceptions
    ]


def _own(module: EnabledModule) -> str:
    """CEL: an object of the module's namespace; of those without a namespace, one that Helm marked as installed with
    a chart of the module."""
    mark = "object.metadata.?annotations[?'meta.helm.sh/release-{}'].orValue('') in [{}]"
    releases = ", ".join(f"'{name}'" for name in module.chart_releases or [module.name])
    installed = f"{mark.format('name', releases)} && {mark.format('namespace', repr(module.namespace))}"
    namespace = "object.metadata.?namespace.orValue('')"
    return f"{namespace} == '{module.namespace}' || ({namespace} == '' && {installed})"
