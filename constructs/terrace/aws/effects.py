"""What changes of AWS resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_RDS = "Amazon RDS User Guide, 'Settings for DB instances'"
_ELASTICACHE = "Amazon ElastiCache User Guide, 'Scaling replica nodes (Cluster Mode Disabled)'"
_EKS = "Amazon EKS API Reference, UpdateClusterVersion and UpdateNodegroupVersion"
_SCALING = "Amazon EKS API Reference, UpdateNodegroupConfig, and User Guide, 'Update a managed node group'"
_REPLACE = "AWS provider 5.100, aws_eks_node_group; Amazon EKS User Guide, 'Delete a managed node group'"
_TAGS = "Amazon CloudWatch API Reference, TagResource: tags are strings without a meaning to AWS"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_LABEL = _known("none", "tags are labels", _TAGS)
_BOUNDS = _known("none", "the number of nodes changes only where the bounds exclude it", _SCALING)
_RESIZE = _known("restart", "nodes that are removed are drained, and their pods restart", _SCALING)
_GONE = _known(
    "downtime",
    "its nodes are drained and deleted before the new ones are made: its pods wait for minutes, the longer the more "
    "nodes it has. To avoid it, add a pool with the new settings, apply, and then remove this one",
    _REPLACE,
)
_DRAIN = _known("restart", "nodes are drained and replaced a few at a time; their pods restart", _EKS)

EFFECTS: EffectTable = {
    "*": {"tags": _LABEL, "tags_all": _LABEL},
    "aws_db_instance": {
        "allocated_storage": _known("none", "storage grows while the database runs, perhaps more slowly", _RDS),
        "auto_minor_version_upgrade": _known("none", "affects later upgrades only", _RDS),
        "backup_window": _known("none", "affects later backups only", _RDS),
        "copy_tags_to_snapshot": _known("none", "affects later snapshots only", _RDS),
        "deletion_protection": _known("none", "affects a deletion only", _RDS),
        "engine_version": _known("downtime", "the database is unavailable during the upgrade", _RDS),
        "instance_class": _known("downtime", "the database is unavailable while its instance changes", _RDS),
        "iops": _known("none", "changes while the database runs, perhaps more slowly", _RDS),
        "maintenance_window": _known("none", "affects later maintenance only", _RDS),
        "max_allocated_storage": _known("none", "affects later growth only", _RDS),
        "multi_az": _known("none", "the standby is made while the database runs, perhaps more slowly", _RDS),
        "port": _known("restart", "the database restarts at once, and clients need the new port", _RDS),
    },
    "aws_eks_cluster": {
        "version": _known("none", "the cluster continues to function; nodes change separately", _EKS),
    },
    "aws_eks_node_group": {
        REPLACED: _GONE,
        "launch_template": _DRAIN,
        "release_version": _DRAIN,
        "scaling_config.desired_size": _RESIZE,
        "scaling_config.max_size": _BOUNDS,
        "scaling_config.min_size": _BOUNDS,
        "version": _DRAIN,
    },
    "aws_elasticache_replication_group": {
        "node_type": _known("restart", "the new nodes take over from the old ones; data is copied", _ELASTICACHE),
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {}
"""Settings that change nothing on AWS: setting to the reason, and what has the effect."""
