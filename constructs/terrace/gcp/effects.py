"""What changes of Google Cloud resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_SQL = "OneUptime, 'How to Resize a Cloud SQL Instance Without Downtime', 17 February 2026"
_FLAGS = "Cloud SQL documentation, 'Configure database flags'"
_SCALING = "GKE documentation, 'About cluster autoscaling' and 'Resize a cluster'"
_LABELS = "Cloud KMS documentation, 'Labeling keys', on labels of all resources"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_BOUNDS = _known("none", "the number of nodes changes only where the bounds exclude it", _SCALING)
_RESIZE = _known("restart", "nodes that are removed are drained, and their pods restart", _SCALING)
_LABEL = _known("none", "labels are labels", _LABELS)

EFFECTS: EffectTable = {
    "*": {"effective_labels": _LABEL, "labels": _LABEL, "terraform_labels": _LABEL},
    "google_container_node_pool": {
        "autoscaling.total_max_node_count": _BOUNDS,
        "autoscaling.total_min_node_count": _BOUNDS,
        "node_count": _RESIZE,
    },
    "google_sql_database_instance": {
        "settings.database_flags": _known("restart", "the instance may restart", _FLAGS),
        "settings.disk_size": _known("none", "storage grows while the instance runs", _SQL),
        "settings.tier": _known("downtime", "the instance restarts on the new machine type", _SQL),
        "settings.user_labels": _LABEL,
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {
    "backup.archive_after_days": "backup vaults have one storage tier; lower backup.retention_days to store less",
    "backup.lock": "vaults enforce a minimum retention at either setting; a permanent lock could never be extended",
    "cluster.service_cidr": "services have a range of the network, which network.cidr sets",
    "database.insights_days": "Query Insights keeps a week, or a month in Enterprise Plus",
    "registry.scanning": "Artifact Analysis scans an image when it is pushed and whenever a new vulnerability is known",
    "secrets.database_rotation_days": "the database has no password: access is by IAM tokens",
}
"""Settings that change nothing on Google Cloud: setting to the reason, and what has the effect. Sources: Google Cloud
documentation: Backup and DR, "Backup vaults"; GKE, "VPC-native clusters"; Cloud SQL, "Query insights"; Artifact
Analysis, "Container scanning overview"."""
