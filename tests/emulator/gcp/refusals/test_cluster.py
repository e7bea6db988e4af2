"""Clusters and their nodes."""

import pytest

from tests.emulator.gcp.conftest import PLACE, PROJECT, Google
from tests.emulator.gcp.refusals.wrong import (
    CLUSTER,
    Wrong,
    accepted,
    ids,
    networked,
    refused,
    with_cluster,
    with_fault,
)

NODES = {"name": "general", "autoscaling": {"enabled": True, "totalMinNodeCount": 1, "totalMaxNodeCount": 3}}
WEEKLY = {
    "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
    "window": {"startTime": "2026-01-03T00:00:00Z", "endTime": "2026-01-03T06:00:00Z"},
}
CLUSTERS, POOLS = f"container/v1/{PLACE}/clusters", f"container/v1/{PLACE}/clusters/main/nodePools"


NODED = with_fault(
    CLUSTER,
    {
        "nodePools": [
            {"name": "general", "initialNodeCount": 1, "config": {"workloadMetadataConfig": {"mode": "GKE_METADATA"}}}
        ]
    },
)
WRONG = (
    Wrong(
        "cluster-name",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"name": "a" * 41}},
        "Invalid name",
        needs=networked,
    ),
    Wrong(
        "no-such-range",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"ipAllocationPolicy": {"clusterSecondaryRangeName": "pads"}}},
        "not found in subnetwork",
        needs=networked,
    ),
    Wrong(
        "two-policies",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"}, "networkPolicy": {"enabled": True}}},
        "not allowed",
        needs=networked,
    ),
    Wrong(
        "foreign-zone",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"locations": ["europe-west1-b"]}},
        "not a zone of",
        needs=networked,
    ),
    Wrong(
        "short-window",
        CLUSTERS,
        {"cluster": with_fault(CLUSTER, {"maintenancePolicy": {"window": {"recurringWindow": WEEKLY}}})},
        {"cluster": {"maintenancePolicy": {"window": {"recurringWindow": {"recurrence": "FREQ=WEEKLY;BYDAY=SU"}}}}},
        "maintenance availability",
        needs=networked,
    ),
    Wrong(
        "security-group",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"authenticatorGroupsConfig": {"enabled": True, "securityGroup": "admins@example.com"}}},
        "gke-security-groups",
        needs=networked,
    ),
    Wrong(
        "open-to-words",
        CLUSTERS,
        {"cluster": CLUSTER},
        {"cluster": {"masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "office"}]}}},
        "not a CIDR",
        needs=networked,
    ),
    Wrong(
        "mixed-limits",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"autoscaling": {"minNodeCount": 1, "maxNodeCount": 2}}},
        "cannot both",
        needs=with_cluster,
    ),
    Wrong(
        "more-than-most",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"autoscaling": {"totalMinNodeCount": 5}}},
        "greater than the maximum",
        needs=with_cluster,
    ),
    Wrong(
        "never-upgraded",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"management": {"autoRepair": True, "autoUpgrade": False}}},
        "autoUpgrade must be true",
        needs=with_cluster,
    ),
    Wrong(
        "ghost-nodes",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"config": {"serviceAccount": f"ghost@{PROJECT}.iam.gserviceaccount.com"}}},
        "does not exist",
        needs=with_cluster,
    ),
    Wrong(
        "spot-twice",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"config": {"spot": True, "preemptible": True}}},
        "cannot both",
        needs=with_cluster,
    ),
    Wrong(
        "no-most",
        POOLS,
        {"nodePool": NODES},
        {"nodePool": {"autoscaling": {"totalMinNodeCount": None, "totalMaxNodeCount": None}}},
        "greater than 0",
        needs=with_cluster,
    ),
    Wrong(
        "no-identity",
        CLUSTERS,
        {"cluster": NODED},
        {"cluster": {"workloadIdentityConfig": None}},
        "Workload Identity",
        needs=networked,
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
