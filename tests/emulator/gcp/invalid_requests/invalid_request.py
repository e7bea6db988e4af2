"""A valid request, the one change that makes it invalid, and the refusal that Google returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulator.gcp.conftest import LOCATION, NUMBER, PROJECT, REGION, Google, Json
from tests.emulator.gcp.round_trip import PROJECT_NAME, cluster, nothing, sql

COMPUTE = f"compute/compute/v1/projects/{PROJECT}"
NET = f"{PROJECT_NAME}/global/networks/net"
BUCKETS = f"storage/storage/v1/b?project={PROJECT}"
SQL = f"sqladmin/sql/v1beta4/projects/{PROJECT}/instances"
DAY = 86400


@dataclass(frozen=True)
class InvalidRequest:
    """`valid` is accepted; with `change` merged into it, it is refused with `code` and a message that has `message`."""

    id: str
    url: str
    valid: Json
    change: Json
    message: str
    code: int = 400
    setup: Callable[[Google], Any] = nothing
    method: str = "POST"
    invalid_url: bool = False  # the URL is invalid, so there is no valid request


def merged(body: Any, change: Any) -> Any:
    """Mappings merge, other values are replaced, None removes."""
    if not (isinstance(body, dict) and isinstance(change, dict)):
        return change
    result = {**body, **{name: merged(body.get(name), value) for name, value in change.items()}}
    return {name: value for name, value in result.items() if value is not None}


def with_ring(google: Google) -> None:
    google.send(f"cloudkms/v1/{LOCATION}/keyRings?keyRingId=ring", {})


def with_zone(google: Google) -> None:
    google.send(f"dns/dns/v1/{PROJECT_NAME}/managedZones", {"name": "zone", "dnsName": "example.com."})


def with_record(google: Google) -> None:
    with_zone(google)
    record = {"name": "www.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    google.send(f"dns/dns/v1/{PROJECT_NAME}/managedZones/zone/changes", {"additions": [record]})


def with_cluster(google: Google) -> None:
    google.network()
    google.send(f"container/v1/{LOCATION}/clusters", {"cluster": CLUSTER})


def with_locked_log_bucket(google: Google) -> None:
    google.send(f"logging/v2/{LOCATION}/buckets?bucketId=trail", {"retentionDays": 400, "locked": True})


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
DATABASE = merged(
    sql("main"), {"settings": {"edition": "ENTERPRISE", "backupConfiguration": BACKUPS, "dataDiskSizeGb": "20"}}
)
CLUSTER = merged(
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
    return f"cloudkms/v1/{LOCATION}/keyRings/ring/cryptoKeys?cryptoKeyId={id}"


SUBNETWORKS, ROUTERS = f"{COMPUTE}/regions/{REGION}/subnetworks", f"{COMPUTE}/regions/{REGION}/routers"
PROJECT_POLICY = f"cloudresourcemanager/v1/{PROJECT_NAME}:setIamPolicy"
