"""How a round trip handles one kind of resource, and the resources that it needs first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.gcp.conftest import LOCATION, PROJECT, REGION, Google, Json

PROJECT_NAME = f"projects/{PROJECT}"
RULE = {
    "ruleId": "daily",
    "backupRetentionDays": 7,
    "standardSchedule": {
        "recurrenceType": "DAILY",
        "timeZone": "UTC",
        "backupWindow": {"startHourOfDay": 0, "endHourOfDay": 8},
    },
}


def nothing(google: Google) -> None:
    """No other resource is needed."""


@dataclass(frozen=True)
class RoundTrip:
    """`path` leads to the client's collection. The parameters of its methods are `parent` for a collection, `key` for a
    resource by its id and, if they differ from `parent`, `new` for create."""

    service: str
    path: str
    parent: Json
    key: Callable[[str], Json]
    body: Callable[[str], Json]
    change: Json
    new: Callable[[str], Json] = lambda name: {}
    version: str = "v1"
    create: str = "create"
    update: str = "patch"
    setup: Callable[[Google], Any] = nothing
    update_body: Callable[[Json], Json] = lambda change: change
    masked: bool = False
    extra: Json = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.service}.{self.path}"


def sql(name: str) -> Json:
    settings = {"tier": "db-custom-2-7680", "ipConfiguration": {"ipv4Enabled": True}}
    return {"name": name, "region": REGION, "databaseVersion": "POSTGRES_16", "settings": settings}


def cluster(name: str) -> Json:
    subnetwork = f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes"
    return {"name": name, "network": f"projects/{PROJECT}/global/networks/net", "subnetwork": subnetwork}


def with_network(google: Google) -> None:
    google.network()


def with_topic(google: Google) -> None:
    google.send(f"pubsub/v1/projects/{PROJECT}/topics/events", {}, method="PUT")


def with_cluster(google: Google) -> None:
    google.network()
    google.send(f"container/v1/{LOCATION}/clusters", {"cluster": cluster("main")})


def kafka(name: str) -> Json:
    subnet = f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes"
    return {
        "capacityConfig": {"vcpuCount": "3", "memoryBytes": "3221225472"},
        "gcpConfig": {"accessConfig": {"networkConfigs": [{"subnet": subnet}]}},
    }


def with_kafka(google: Google) -> None:
    google.network()
    google.send(f"managedkafka/v1/{LOCATION}/clusters?clusterId=main", kafka("main"))


def with_service(google: Google) -> None:
    google.send(f"monitoring/v3/projects/{PROJECT}/services?serviceId=platform", {"custom": {}})


def with_vault(google: Google) -> None:
    retention = {"backupMinimumEnforcedRetentionDuration": "86400s"}
    google.send(f"backupdr/v1/{LOCATION}/backupVaults?backupVaultId=vault", retention)


def with_buckets(google: Google) -> None:
    for name in ("from-here", "to-there"):
        google.send(f"storage/storage/v1/b?project={PROJECT}", {"name": name, "location": REGION})
