"""Kyverno's documents for the tests of policies."""

import copy
from typing import Any

Document = dict[str, Any]


def in_controllers(pod: Document) -> list[Document]:
    """The pod as the template of a Deployment and of a CronJob."""
    metadata = {key: value for key, value in pod["metadata"].items() if key in ("labels", "annotations")}
    name = {key: value for key, value in pod["metadata"].items() if key in ("name", "namespace")}
    template = {**({"metadata": metadata} if metadata else {}), "spec": copy.deepcopy(pod["spec"])}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": name, "spec": {"template": template}},
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": name,
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
        },
    ]
