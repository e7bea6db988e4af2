"""What changes of Google Cloud resources do to what uses them."""

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
