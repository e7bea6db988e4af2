"""Whether a plan changes versions as the clouds allow: Kubernetes one minor version at a time, nothing backwards.

Sources: Kubernetes documentation, "Version Skew Policy"; Amazon EKS User Guide, "Update existing cluster to new
Kubernetes version"; Azure Kubernetes Service, "Upgrade an AKS cluster"; Google Kubernetes Engine, "Upgrading clusters".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance import versions
from terrace.capabilities.blockers import Blocker
from terrace.errors import AnswerIsNo

_KUBERNETES = {
    "aws_eks_cluster": ("version", "version"),
    "aws_eks_node_group": ("version", "version"),
    "azurerm_kubernetes_cluster": ("current_kubernetes_version", "kubernetes_version"),
    "azurerm_kubernetes_cluster_node_pool": ("orchestrator_version", "orchestrator_version"),
    "google_container_cluster": ("master_version", "min_master_version"),
    "google_container_node_pool": ("version", "version"),
}
"""Type to the attributes with the deployed version and the wanted one."""
_POSTGRESQL = {
    "aws_db_instance": "engine_version",
    "azurerm_postgresql_flexible_server": "version",
    "google_sql_database_instance": "database_version",
}
_MINOR, _MAJOR = re.compile(r"1\.\d+"), re.compile(r"\d+")


def blockers(plan: Mapping[str, Any]) -> Iterator[Blocker]:
    """The changes of versions in place that the cloud would refuse, in a plan in Terraform's JSON format."""
    for record in plan.get("resource_changes", []):
        change = record["change"]
        before, after = change.get("before"), change.get("after")
        if change["actions"] != ["update"] or not before or not after:
            continue
        try:
            _require_allowed(record["type"], before, after)
        except AnswerIsNo as refused:
            yield Blocker(record["address"], refused.message, refused.hint)


def _require_allowed(type: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise AnswerIsNo for a step that the cloud refuses."""
    if type in _KUBERNETES:
        deployed, wanted = _KUBERNETES[type]
        old = _MINOR.match(str(before.get(deployed) or before.get(wanted)))
        new = _MINOR.match(str(after.get(wanted)))
        if old and new and old[0] != new[0]:
            versions.kubernetes_steps(old[0], {}, new[0])
            versions.require_next(old[0], new[0])
    elif type in _POSTGRESQL:
        old, new = (_MAJOR.search(str(values.get(_POSTGRESQL[type]))) for values in (before, after))
        if old and new and int(new[0]) < int(old[0]):
            raise AnswerIsNo(
                f"PostgreSQL {new[0]} is older than the deployed {old[0]}",
                hint="a server cannot be downgraded; restore a backup into a new one",
            )
