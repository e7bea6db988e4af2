"""The issuer of the public certificates: ACME with a DNS-01 challenge in the environment's zone.

Source: cert-manager, ClusterIssuer cert-manager.io/v1.
"""

from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata

ISSUER = "public"
"""Name of the ClusterIssuer."""

_LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The ClusterIssuer, if the module provides `certificates`; the module's setting `acme-server` replaces the URL."""
    entry = context.environment.network.entry
    if "certificates" not in module.contract.provides or entry is None:
        return []
    solver = dict(context.cloud.dns_solver(context.outputs, context.target))
    return [
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "ClusterIssuer",
            "metadata": metadata(ISSUER, module, context, namespace=None),
            "spec": {
                "acme": {
                    "server": module.settings.get("acme-server", _LETS_ENCRYPT),
                    "privateKeySecretRef": {"name": f"{ISSUER}-acme-account"},
                    "solvers": [{"selector": {"dnsZones": [entry.domain]}, "dns01": solver}],
                }
            },
        }
    ]
