"""How a wrong configuration is told: what is accepted, the one thing that is not, and the reason to be heard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulator.gcp.conftest import NUMBER, PLACE, PROJECT, REGION, Google, Json
from tests.emulator.gcp.test_round_trips import AT, cluster, nothing, sql

COMPUTE = f"compute/compute/v1/projects/{PROJECT}"
NET = f"{AT}/global/networks/net"
BUCKETS = f"storage/storage/v1/b?project={PROJECT}"
SQL = f"sqladmin/sql/v1beta4/projects/{PROJECT}/instances"
DAY = 86400


@dataclass(frozen=True)
class Wrong:
    """`good` is accepted; with `fault` merged into it, it is refused with `code` and words of `why`."""

    id: str
    url: str
    good: Json
    fault: Json
    why: str
    code: int = 400
    needs: Callable[[Google], Any] = nothing
    method: str = "POST"
    broken: bool = False  # the URL is what is wrong: there is no good one to compare with


def with_fault(good: Any, fault: Any) -> Any:
    """Mappings merge, all else replaces; None removes."""
    if not (isinstance(good, dict) and isinstance(fault, dict)):
        return fault
    merged = {**good, **{name: with_fault(good.get(name), value) for name, value in fault.items()}}
    return {name: value for name, value in merged.items() if value is not None}


def networked(google: Google) -> None:
    google.network()


def with_ring(google: Google) -> None:
    google.make(f"cloudkms/v1/{PLACE}/keyRings?keyRingId=ring", {})


def with_topic(google: Google) -> None:
    google.make(f"pubsub/v1/{AT}/topics/events", {}, method="PUT")


def with_zone(google: Google) -> None:
    google.make(f"dns/dns/v1/{AT}/managedZones", {"name": "zone", "dnsName": "example.com."})


def with_record(google: Google) -> None:
    with_zone(google)
    record = {"name": "www.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    google.make(f"dns/dns/v1/{AT}/managedZones/zone/changes", {"additions": [record]})


def with_cluster(google: Google) -> None:
    google.network()
    google.make(f"container/v1/{PLACE}/clusters", {"cluster": CLUSTER})


def with_locked_log_bucket(google: Google) -> None:
    google.make(f"logging/v2/{PLACE}/buckets?bucketId=trail", {"retentionDays": 400, "locked": True})


BUCKET = {"name": "dpf-lake", "location": REGION.upper()}
KEY = {"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "7776000s", "nextRotationTime": "2099-01-01T00:00:00Z"}
SUBNETWORK = {"name": "data", "network": NET, "ipCidrRange": "10.9.0.0/20"}
NAT = {
    "name": "nat",
    "natIpAllocateOption": "AUTO_ONLY",
    "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
}
ROUTER = {"name": "router", "network": NET, "nats": [NAT]}
BACKUPS = {
    "enabled": True,
    "pointInTimeRecoveryEnabled": True,
    "transactionLogRetentionDays": 7,
    "backupRetentionSettings": {"retainedBackups": 14},
}
DATABASE = with_fault(
    sql("main"), {"settings": {"edition": "ENTERPRISE", "backupConfiguration": BACKUPS, "dataDiskSizeGb": "20"}}
)
CLUSTER = with_fault(
    cluster("main"),
    {
        "workloadIdentityConfig": {"workloadPool": f"{PROJECT}.svc.id.goog"},
        "releaseChannel": {"channel": "REGULAR"},
        "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"},
    },
)
BUDGET = {
    "amount": {"specifiedAmount": {"units": "500"}},
    "budgetFilter": {"projects": [f"projects/{NUMBER}"]},
    "thresholdRules": [{"thresholdPercent": 0.5}],
}
POLICY = {"policy": {"bindings": [{"role": "roles/viewer", "members": ["group:platform@example.com"]}]}}


def binding(**changed: Any) -> Json:
    return {"policy": {"bindings": [{"role": "roles/viewer", "members": ["group:platform@example.com"], **changed}]}}


def database(**settings: Any) -> Json:
    return {"settings": settings}


def kms(id: str) -> str:
    return f"cloudkms/v1/{PLACE}/keyRings/ring/cryptoKeys?cryptoKeyId={id}"


SUBNETWORKS, ROUTERS = f"{COMPUTE}/regions/{REGION}/subnetworks", f"{COMPUTE}/regions/{REGION}/routers"
PROJECT_POLICY = f"cloudresourcemanager/v1/{AT}:setIamPolicy"


def ids(wrong: Wrong) -> str:
    return wrong.id


def refused(google: Google, wrong: Wrong) -> None:
    """Assert that the fault is refused, in Google's shape."""
    wrong.needs(google)
    status, answer = google.call(wrong.method, wrong.url, with_fault(wrong.good, wrong.fault))
    assert (status, wrong.why in answer["error"]["message"]) == (wrong.code, True), answer
    assert answer["error"]["status"] and answer["error"]["errors"][0]["reason"]


def accepted(google: Google, wrong: Wrong) -> None:
    """Assert that it is the fault that is refused, and nothing else."""
    wrong.needs(google)
    status, answer = google.call(wrong.method, wrong.url, wrong.good)
    assert (status == 200) != wrong.broken, answer
