"""Backups: a Velero Schedule per namespace, with the environment's interval and retention (BAK-1, BAK-2).

The objects of each namespace are backed up; its volumes too if one of its modules asks for it. Secrets are not:
external-secrets and cert-manager make them again. Source: Velero, Schedule velero.io/v1.
"""

from datetime import timedelta
from zlib import crc32

from terrace.modules.enabled import EnabledModule
from terrace.workloads import namespaces
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The Schedule of a namespace, in Velero's own, with the first module of it, if a module provides `backup`."""
    velero = context.provider("backup")
    if velero is None or not namespaces.creates(module, context):
        return []
    backup = context.environment.backup
    volumes = any(tenant.contract.backup for tenant in namespaces.tenants(module.namespace, context))
    return [
        {
            "apiVersion": "velero.io/v1",
            "kind": "Schedule",
            "metadata": metadata(module.namespace, module, context, namespace=velero.namespace),
            "spec": {
                "schedule": cron(backup.every, module.namespace),
                "template": {
                    "includedNamespaces": [module.namespace],
                    "excludedResources": ["secrets"],
                    "snapshotVolumes": volumes,
                    "ttl": f"{backup.retention_days * 24}h0m0s",
                },
            },
        }
    ]


def cron(every: timedelta, name: str) -> str:
    """A cron expression; the minute depends on the name, so that backups do not all begin at once.

    Daily backups begin at two in the morning, UTC.
    """
    minute, hours = crc32(name.encode()) % 60, int(every / timedelta(hours=1))
    return f"{minute} 2 * * *" if hours >= 24 else f"{minute} */{hours} * * *"
