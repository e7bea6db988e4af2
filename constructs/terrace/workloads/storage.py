"""The StorageClass of the platform's volumes: encrypted with the environment's key (K8S-9)."""

from terrace.workloads.context import Context
from terrace.workloads.release import WIRING, Release

NAME = "storage"


def release(context: Context) -> Release:
    """A release with the StorageClass, before all others."""
    labels = {
        "app.kubernetes.io/part-of": context.environment.project,
        "app.kubernetes.io/managed-by": "terrace",
        "owner": context.environment.ownership.owner,
    }
    made = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": context.cloud.STORAGE_CLASS, "labels": labels},
        **context.cloud.storage_class(context.target),
        "reclaimPolicy": "Retain" if context.environment.tier == "prod" else "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",  # the volume is in the pod's zone
        "allowVolumeExpansion": True,
    }
    return Release(NAME, "kube-system", NAME, WIRING, {"objects": [made]})
