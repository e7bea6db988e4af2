"""Clusters and their nodes."""

from tests.emulator.gcp.conftest import LOCATION, PROJECT
from tests.emulator.gcp.invalid_requests.invalid_request import (
    CLUSTER,
    InvalidRequest,
    merged,
    with_cluster,
)
from tests.emulator.gcp.round_trip import with_network

NODES = {"name": "general", "autoscaling": {"enabled": True, "totalMinNodeCount": 1, "totalMaxNodeCount": 3}}
WEEKLY = {
    "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
    "window": {"startTime": "2026-01-03T00:00:00Z", "endTime": "2026-01-03T06:00:00Z"},
}
CLUSTERS, POOLS = f"container/v1/{LOCATION}/clusters", f"container/v1/{LOCATION}/clusters/main/nodePools"


NODED = merged(
    CLUSTER,
    {
        "nodePools": [
            {"name": "general", "initialNodeCount": 1, "config": {"workloadMetadataConfig": {"mode": "GKE_METADATA"}}}
        ]
    },
)
INVALID_REQUESTS = (
    InvalidRequest(
        "cluster-name",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"name": "a" * 41}},
        "Invalid name",
        setup=with_network,
    ),
    InvalidRequest(
        "no-such-range",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"ipAllocationPolicy": {"clusterSecondaryRangeName": "pads"}}},
        "not found in subnetwork",
        setup=with_network,
    ),
    InvalidRequest(
        "two-policies",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"}, "networkPolicy": {"enabled": True}}},
        "not allowed",
        setup=with_network,
    ),
    InvalidRequest(
        "zone-of-another-region",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"locations": ["europe-west1-b"]}},
        "not a zone of",
        setup=with_network,
    ),
    InvalidRequest(
        "short-window",
        CLUSTERS,
        {"cluster": merged(CLUSTER, {"maintenancePolicy": {"window": {"recurringWindow": WEEKLY}}})},
        {"cluster": {"maintenancePolicy": {"window": {"recurringWindow": {"recurrence": "FREQ=WEEKLY;BYDAY=SU"}}}}},
        "maintenance availability",
        setup=with_network,
    ),
    InvalidRequest(
        "security-group",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"authenticatorGroupsConfig": {"enabled": True, "securityGroup": "admins@example.com"}}},
        "gke-security-groups",
        setup=with_network,
    ),
    InvalidRequest(
        "authorized-network-not-cidr",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "office"}]}}},
        "not a CIDR",
        setup=with_network,
    ),
    InvalidRequest(
        "mixed-limits",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"autoscaling": {"minNodeCount": 1, "maxNodeCount": 2}}},
        "cannot both",
        setup=with_cluster,
    ),
    InvalidRequest(
        "minimum-above-maximum",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"autoscaling": {"totalMinNodeCount": 5}}},
        "greater than the maximum",
        setup=with_cluster,
    ),
    InvalidRequest(
        "no-automatic-upgrade",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"management": {"autoRepair": True, "autoUpgrade": False}}},
        "autoUpgrade must be true",
        setup=with_cluster,
    ),
    InvalidRequest(
        "missing-node-account",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"config": {"serviceAccount": f"ghost@{PROJECT}.iam.gserviceaccount.com"}}},
        "does not exist",
        setup=with_cluster,
    ),
    InvalidRequest(
        "spot-twice",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"config": {"spot": True, "preemptible": True}}},
        "cannot both",
        setup=with_cluster,
    ),
    InvalidRequest(
        "autoscaling-without-maximum",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"autoscaling": {"totalMinNodeCount": None, "totalMaxNodeCount": None}}},
        "greater than 0",
        setup=with_cluster,
    ),
    InvalidRequest(
        "no-workload-identity",
        CLUSTERS,
        {"cluster": NODED},
        {"cluster": {"workloadIdentityConfig": None}},
        "Workload Identity",
        setup=with_network,
    ),
)
