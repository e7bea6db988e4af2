"""Secrets from the cloud's secret manager, by external-secrets.

The foundation makes one random value per module. Each key of a Kubernetes Secret is derived from it in the cluster, so
no secret is in a file, in Helm values or in Terraform's state. Source: external-secrets, CRDs secretstores and
externalsecrets, version v1; guide "Advanced Templating", engine v2.
"""

import json
from typing import Any

from terrace.errors import ContractError
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata

REFRESH = "15m"
"""How soon a changed value reaches the cluster."""
_SOURCE = "value"


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The module's SecretStore, which reads as the module, and an ExternalSecret for each of its Secrets.

    Raises ContractError if no enabled module provides secrets.
    """
    if not module.needs.secret_store:
        return []
    if context.provider("secrets") is None:
        raise ContractError(
            f"module {module.name} needs secrets, but no enabled module provides them",
            where=f"environment {context.environment.name}",
            hint="enable external-secrets",
        )
    identity = context.outputs.identities.get(module.name, "")
    provider = context.cloud.secret_store(
        namespace=module.namespace, account=module.name, identity=identity, target=context.target
    )
    found = [
        external_secret(
            metadata(name, module, context),
            store=module.name,
            template={key: derivation(name, key) for key in keys},
            sources={_SOURCE: (context.outputs.secrets[module.name], None)},
            context=context,
        )
        for name, keys in module.needs.secrets.items()
    ]
    return [store(metadata(module.name, module, context), dict(provider)), *found]


def store(meta: dict[str, Any], provider: dict[str, Any]) -> Object:
    """A SecretStore."""
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": meta,
        "spec": {"provider": provider, "refreshInterval": 3600},
    }


def external_secret(
    meta: dict[str, Any],
    *,
    store: str,
    template: dict[str, str],
    sources: dict[str, tuple[str, str | None]],
    context: Context,
) -> Object:
    """An ExternalSecret whose Secret has its name and labels. `sources` are names of the template's variables, with
    the reference of a secret of the foundation and a key of its JSON."""
    data = []
    for name, (reference, field) in sources.items():
        remote = {"key": context.cloud.secret_key(reference)} | ({"property": field} if field else {})
        data.append({"secretKey": name, "remoteRef": remote})
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": meta,
        "spec": {
            "refreshPolicy": "Periodic",
            "refreshInterval": REFRESH,
            "secretStoreRef": {"kind": "SecretStore", "name": store},
            "target": {
                "name": meta["name"],
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",  # an unreachable secret manager takes no running pod down
                "template": {
                    "engineVersion": "v2",
                    "mergePolicy": "Replace",
                    "metadata": {"labels": meta["labels"]},
                    "data": template,
                },
            },
            "data": data,
        },
    }


def derivation(secret: str, key: str) -> str:
    """The template of a key: SHA-256 of the module's value and the names of Secret and key, in hexadecimal."""
    name = json.dumps(f"/{secret}/{key}")
    return f'{{{{ printf "%s%s" .{_SOURCE} {name} | sha256sum }}}}'
