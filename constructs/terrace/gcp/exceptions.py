"""Where Google Cloud cannot keep a guarantee to the letter."""

from terrace.capabilities.exceptions import CloudException

EXCEPTIONS: tuple[CloudException, ...] = (
    CloudException(
        guarantee="NET-2",
        reason="Cloud NAT belongs to the region: an address cannot be pinned to a zone.",
        compensation="As many fixed addresses as zones; Google moves NAT between zones by itself when one is lost.",
        source='Cloud NAT documentation, "Cloud NAT overview"',
    ),
    CloudException(
        guarantee="LAKE-3",
        reason="A bucket with a retention policy needs no old versions: nothing in it can be overwritten or deleted.",
        compensation="bronze and audit are retained, all others versioned; soft delete on every bucket.",
        source='Cloud Storage documentation, "Bucket Lock"',
    ),
    CloudException(
        guarantee="AUD-2",
        reason="Security Command Center is switched on for the organisation; no resource does it for one project.",
        compensation="Findings are announced to a topic, and GKE's security posture is on.",
        source='Security Command Center documentation, "Activate Security Command Center"',
    ),
    CloudException(
        guarantee="BAK-1",
        reason="A plan of Backup and DR has one vault and no rule that copies, and does not take Cloud Storage.",
        compensation="In prod the vault itself is in the other region; layers are copied daily by Storage Transfer.",
        source='Backup and DR documentation, "Backup plans"',
    ),
)
