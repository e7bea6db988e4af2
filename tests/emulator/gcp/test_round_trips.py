"""Every service that the stacks use, by Google's own client: made, read back equal, listed in pages, changed, gone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulator.gcp.conftest import NUMBER, PLACE, PROJECT, REGION, Google, Json

MAIL = f"-account@{PROJECT}.iam.gserviceaccount.com"
PAGES = {"compute": "maxResults", "storage": "maxResults", "dns": "maxResults"}
PARENT = {"parent": f"projects/{PROJECT}"}
HERE = {"parent": PLACE}
EVERYWHERE = {"parent": f"projects/{PROJECT}/locations/global"}


def nothing(google: Google) -> None:
    """Nothing is needed first."""


@dataclass(frozen=True)
class Trip:
    """How one kind of resource is handled. `one` names it by its id, `body` describes it."""

    service: str
    path: str
    above: Json
    one: Callable[[str], Json]
    body: Callable[[str], Json]
    change: Json
    made: Callable[[str], Json] = lambda name: {}
    version: str = "v1"
    create: str = "create"
    update: str = "patch"
    needs: Callable[[Google], Any] = nothing
    update_body: Callable[[Json], Json] = lambda change: change
    masked: bool = False
    extra: Json = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.service}.{self.path}"


def named(at: str) -> Callable[[str], Json]:
    return lambda name: {"name": f"{at}/{name}"}


def by(parameter: str) -> Callable[[str], Json]:
    return lambda name: {parameter: name}


def _network(google: Google) -> None:
    google.network()


def _instance(google: Google) -> None:
    google.make(f"sqladmin/sql/v1beta4/projects/{PROJECT}/instances", sql("main"))


def sql(name: str) -> Json:
    settings = {"tier": "db-custom-2-7680", "ipConfiguration": {"ipv4Enabled": True}}
    return {"name": name, "region": REGION, "databaseVersion": "POSTGRES_16", "settings": settings}


def _zone(google: Google) -> None:
    google.make(f"dns/dns/v1/projects/{PROJECT}/managedZones", {"name": "zone", "dnsName": "example.com."})


def _ring(google: Google) -> None:
    google.key()


def _topic(google: Google) -> None:
    google.make(f"pubsub/v1/projects/{PROJECT}/topics/events", {}, method="PUT")


def _cluster(google: Google) -> None:
    google.network()
    google.make(f"container/v1/{PLACE}/clusters", {"cluster": cluster("main")})


def cluster(name: str) -> Json:
    subnetwork = f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes"
    return {"name": name, "network": f"projects/{PROJECT}/global/networks/net", "subnetwork": subnetwork}


def _pool(google: Google) -> None:
    google.make(f"iam/v1/projects/{PROJECT}/locations/global/workloadIdentityPools?workloadIdentityPoolId=ci-pool", {})


def _service(google: Google) -> None:
    google.make(f"monitoring/v3/projects/{PROJECT}/services?serviceId=platform", {"custom": {}})


def _vault(google: Google) -> None:
    retention = {"backupMinimumEnforcedRetentionDuration": "86400s"}
    google.make(f"backupdr/v1/{PLACE}/backupVaults?backupVaultId=vault", retention)


def _buckets(google: Google) -> None:
    for name in ("from-here", "to-there"):
        google.make(f"storage/storage/v1/b?project={PROJECT}", {"name": name, "location": REGION})


AT = f"projects/{PROJECT}"
COMPUTE: Json = {"service": "compute", "create": "insert"}
GLOBAL: Json = {"project": PROJECT}
REGIONAL: Json = {"project": PROJECT, "region": REGION}
BACKUP_WINDOW = {"startHourOfDay": 0, "endHourOfDay": 8}
RULE = {
    "ruleId": "daily",
    "backupRetentionDays": 7,
    "standardSchedule": {"recurrenceType": "DAILY", "timeZone": "UTC", "backupWindow": BACKUP_WINDOW},
}


def compute(path: str, id: str, body: Callable[[str], Json], change: Json, above: Json = GLOBAL, **more: Any) -> Trip:
    return Trip(
        "compute", path, above, lambda name: {**above, id: name}, body, change, create="insert", needs=_network, **more
    )


TRIPS = (
    compute(
        "networks", "network", lambda name: {"name": name, "mtu": 1460}, {"routingConfig": {"routingMode": "GLOBAL"}}
    ),
    compute(
        "subnetworks",
        "subnetwork",
        lambda name: {
            "name": name,
            "network": f"{AT}/global/networks/net",
            "ipCidrRange": f"10.{len(name) * 10}.0.0/20",
        },
        {"privateIpGoogleAccess": True},
        REGIONAL,
    ),
    compute(
        "firewalls",
        "firewall",
        lambda name: {"name": name, "direction": "EGRESS", "denied": [{"IPProtocol": "all"}]},
        {"priority": 100},
    ),
    compute(
        "routers",
        "router",
        lambda name: {"name": name, "network": f"{AT}/global/networks/net"},
        {"description": "changed"},
        REGIONAL,
    ),
    compute("healthChecks", "healthCheck", lambda name: {"name": name, "type": "TCP"}, {"checkIntervalSec": 30}),
    compute("backendServices", "backendService", lambda name: {"name": name}, {"timeoutSec": 60}),
    compute("sslPolicies", "sslPolicy", lambda name: {"name": name}, {"minTlsVersion": "TLS_1_2"}),
    compute("securityPolicies", "securityPolicy", lambda name: {"name": name}, {"description": "changed"}),
    compute("urlMaps", "urlMap", lambda name: {"name": name}, {"description": "changed"}),
    Trip(
        "storage",
        "buckets",
        {"project": PROJECT},
        by("bucket"),
        lambda name: {"name": f"dpf-{name}", "location": REGION.upper()},
        {"versioning": {"enabled": True}},
        create="insert",
        extra={"prefix": "dpf-"},
    ),
    Trip(
        "dns",
        "managedZones",
        {"project": PROJECT},
        lambda name: {"project": PROJECT, "managedZone": name},
        lambda name: {"name": name, "dnsName": f"{name}.example.com.", "description": "first"},
        {"description": "changed"},
    ),
    Trip(
        "sqladmin",
        "instances",
        {"project": PROJECT},
        lambda name: {"project": PROJECT, "instance": name},
        sql,
        {"settings": {"activationPolicy": "NEVER"}},
        version="v1beta4",
        create="insert",
    ),
    Trip(
        "secretmanager",
        "projects.secrets",
        PARENT,
        named(f"{AT}/secrets"),
        lambda name: {"replication": {"userManaged": {"replicas": [{"location": REGION}]}}},
        {"labels": {"owner": "platform"}},
        by("secretId"),
        masked=True,
    ),
    Trip(
        "pubsub",
        "projects.topics",
        {"project": AT},
        lambda name: {"topic": f"{AT}/topics/{name}"},
        lambda name: {"messageRetentionDuration": "3600s"},
        {"labels": {"owner": "platform"}},
        lambda name: {"name": f"{AT}/topics/{name}"},
        update_body=lambda change: {"topic": change, "updateMask": "labels"},
        extra={"update": "name"},
    ),
    Trip(
        "pubsub",
        "projects.subscriptions",
        {"project": AT},
        lambda name: {"subscription": f"{AT}/subscriptions/{name}"},
        lambda name: {"topic": f"{AT}/topics/events"},
        {"ackDeadlineSeconds": 60},
        lambda name: {"name": f"{AT}/subscriptions/{name}"},
        needs=_topic,
        update_body=lambda change: {"subscription": change, "updateMask": "ackDeadlineSeconds"},
        extra={"update": "name"},
    ),
    Trip(
        "logging",
        "projects.sinks",
        PARENT,
        lambda name: {"sinkName": f"{AT}/sinks/{name}"},
        lambda name: {"name": name, "destination": f"pubsub.googleapis.com/{AT}/topics/events"},
        {"filter": "severity>=ERROR"},
        version="v2",
        needs=_topic,
        masked=True,
    ),
    Trip(
        "logging",
        "projects.metrics",
        PARENT,
        lambda name: {"metricName": f"{AT}/metrics/{name}"},
        lambda name: {"name": name, "filter": "severity>=ERROR"},
        {"name": "", "filter": "severity>=ALERT"},
        version="v2",
        update="update",
    ),
    Trip(
        "logging",
        "projects.locations.savedQueries",
        HERE,
        named(f"{PLACE}/savedQueries"),
        lambda name: {"displayName": name, "visibility": "SHARED", "loggingQuery": {"filter": "severity>=ERROR"}},
        {"description": "changed"},
        by("savedQueryId"),
        version="v2",
        masked=True,
    ),
    Trip(
        "monitoring",
        "projects.alertPolicies",
        {"name": AT},
        lambda name: {"name": f"{AT}/alertPolicies/{name}"},
        lambda name: {
            "displayName": name,
            "combiner": "OR",
            "conditions": [{"displayName": "down", "conditionAbsent": {"filter": "x", "duration": "120s"}}],
        },
        {"enabled": False},
        version="v3",
        masked=True,
    ),
    Trip(
        "monitoring",
        "projects.notificationChannels",
        {"name": AT},
        lambda name: {"name": f"{AT}/notificationChannels/{name}"},
        lambda name: {"type": "email", "displayName": name, "labels": {"email_address": f"{name}@example.com"}},
        {"enabled": False},
        version="v3",
        masked=True,
    ),
    Trip(
        "monitoring",
        "projects.dashboards",
        PARENT,
        lambda name: {"name": f"{AT}/dashboards/{name}"},
        lambda name: {"displayName": name, "gridLayout": {}},
        {"displayName": "changed"},
    ),
    Trip(
        "monitoring",
        "services.serviceLevelObjectives",
        {"parent": f"{AT}/services/platform"},
        lambda name: {"name": f"{AT}/services/platform/serviceLevelObjectives/{name}"},
        lambda name: {"goal": 0.99, "rollingPeriod": "2592000s", "displayName": name},
        {"goal": 0.999},
        by("serviceLevelObjectiveId"),
        version="v3",
        needs=_service,
        masked=True,
    ),
    Trip(
        "artifactregistry",
        "projects.locations.repositories",
        HERE,
        named(f"{PLACE}/repositories"),
        lambda name: {"format": "DOCKER"},
        {"description": "changed"},
        by("repositoryId"),
        masked=True,
    ),
    Trip(
        "certificatemanager",
        "projects.locations.dnsAuthorizations",
        EVERYWHERE,
        named(f"{AT}/locations/global/dnsAuthorizations"),
        lambda name: {"domain": f"{name}.example.com"},
        {"description": "changed"},
        by("dnsAuthorizationId"),
        masked=True,
    ),
    Trip(
        "certificatemanager",
        "projects.locations.certificateMaps",
        EVERYWHERE,
        named(f"{AT}/locations/global/certificateMaps"),
        lambda name: {"description": "first"},
        {"description": "changed"},
        by("certificateMapId"),
        masked=True,
    ),
    Trip(
        "networkconnectivity",
        "projects.locations.serviceConnectionPolicies",
        HERE,
        named(f"{PLACE}/serviceConnectionPolicies"),
        lambda name: {"network": f"{AT}/global/networks/net", "serviceClass": "gcp-memorystore"},
        {"description": "changed"},
        by("serviceConnectionPolicyId"),
        needs=_network,
        masked=True,
    ),
    Trip(
        "gkebackup",
        "projects.locations.backupPlans",
        HERE,
        named(f"{PLACE}/backupPlans"),
        lambda name: {"cluster": f"{PLACE}/clusters/main", "retentionPolicy": {"backupRetainDays": 7}},
        {"description": "changed"},
        by("backupPlanId"),
        needs=_cluster,
        masked=True,
    ),
    Trip(
        "backupdr",
        "projects.locations.backupPlans",
        HERE,
        named(f"{PLACE}/backupPlans"),
        lambda name: {
            "resourceType": "sqladmin.googleapis.com/Instance",
            "backupVault": f"{PLACE}/backupVaults/vault",
            "backupRules": [RULE],
        },
        {"description": "changed"},
        by("backupPlanId"),
        needs=_vault,
        masked=True,
    ),
    Trip(
        "cloudscheduler",
        "projects.locations.jobs",
        HERE,
        named(f"{PLACE}/jobs"),
        lambda name: {"name": f"{PLACE}/jobs/{name}", "schedule": "0 6 * * 1-5", "httpTarget": {"uri": "https://x.io"}},
        {"schedule": "0 7 * * 1-5"},
        masked=True,
    ),
    Trip(
        "essentialcontacts",
        "projects.contacts",
        PARENT,
        lambda name: {"name": f"{AT}/contacts/{name}"},
        lambda name: {
            "email": f"{name}@example.com",
            "languageTag": "en",
            "notificationCategorySubscriptions": ["SECURITY"],
        },
        {"languageTag": "de"},
        masked=True,
    ),
    Trip(
        "cloudasset",
        "feeds",
        {"parent": AT},
        lambda name: {"name": f"{AT}/feeds/{name}"},
        lambda name: {
            "feedId": name,
            "feed": {
                "name": f"{AT}/feeds/{name}",
                "assetTypes": ["storage.googleapis.com/Bucket"],
                "feedOutputConfig": {"pubsubDestination": {"topic": f"{AT}/topics/events"}},
            },
        },
        {"contentType": "RESOURCE"},
        needs=_topic,
        update_body=lambda change: {"feed": change, "updateMask": "contentType"},
    ),
    Trip(
        "billingbudgets",
        "billingAccounts.budgets",
        {"parent": "billingAccounts/000000-111111-222222"},
        lambda name: {"name": f"billingAccounts/000000-111111-222222/budgets/{name}"},
        lambda name: {
            "displayName": name,
            "amount": {"specifiedAmount": {"units": "500"}},
            "budgetFilter": {"projects": [f"projects/{NUMBER}"]},
        },
        {"thresholdRules": [{"thresholdPercent": 0.8}]},
        masked=True,
    ),
    Trip(
        "orgpolicy",
        "projects.policies",
        PARENT,
        named(f"{AT}/policies"),
        lambda name: {"name": f"{AT}/policies/{name}", "spec": {"rules": [{"enforce": True}]}},
        {"spec": {"rules": [{"enforce": False}]}},
        version="v2",
        masked=True,
    ),
    Trip(
        "iam",
        "projects.serviceAccounts",
        {"name": AT},
        lambda name: {"name": f"{AT}/serviceAccounts/{name}" + ("" if "@" in name else MAIL)},
        lambda name: {"accountId": f"{name}-account", "serviceAccount": {"displayName": "first"}},
        {"displayName": "changed"},
        update_body=lambda change: {"serviceAccount": change, "updateMask": "displayName"},
    ),
    Trip(
        "storagetransfer",
        "transferJobs",
        {},
        lambda name: {"jobName": f"transferJobs/{name}", "projectId": PROJECT},
        lambda name: {
            "name": f"transferJobs/{name}",
            "projectId": PROJECT,
            "status": "ENABLED",
            "transferSpec": {
                "gcsDataSource": {"bucketName": "from-here"},
                "gcsDataSink": {"bucketName": "to-there"},
            },
        },
        {"description": "changed"},
        needs=_buckets,
        update_body=lambda change: {"projectId": PROJECT, "transferJob": change},
        extra={"update": "jobName", "list": {"filter": f'{{"projectId": "{PROJECT}"}}'}},
    ),
)


def is_part(part: Any, whole: Any) -> bool:
    """Whether everything that was sent comes back."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(is_part(value, whole.get(name)) for name, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(is_part, part, whole))
    return bool(part == whole) or str(whole).endswith(str(part))


@pytest.mark.parametrize("trip", TRIPS, ids=lambda trip: trip.id)
def test_a_resource_lives_as_at_google(google: Google, trip: Trip) -> None:
    trip.needs(google)
    client = reduce(lambda at, name: getattr(at, name)(), trip.path.split("."), google(trip.service, trip.version))
    prefix = trip.extra.get("prefix", "")
    names = []
    for name in ("one", "second", "the-third"):
        body = trip.body(name)
        above = {} if "name" in trip.made(name) else trip.above
        answer = getattr(client, trip.create)(**above, **trip.made(name), body=body).execute()
        made = answer.get("response", answer)
        generated = str(made.get("name", ""))
        is_generated = trip.one(name).get("name", "").rpartition("/")[0] == generated.rpartition("/")[0] != ""
        names.append(generated.rpartition("/")[2] if is_generated else prefix + name)

    sent = trip.body("one").get("serviceAccount", trip.body("one").get("feed", trip.body("one")))
    first = client.get(**trip.one(names[0])).execute()
    assert is_part({field: value for field, value in sent.items() if field not in ("name", "kind")}, first)

    seen: list[Json] = []
    request = client.list(**trip.above, **trip.extra.get("list", {}), **page_of_two(trip))
    pages = 0
    while request is not None:
        answer = request.execute()
        seen += next((value for value in answer.values() if isinstance(value, list)), [])
        pages += 1
        request = client.list_next(request, answer) if hasattr(client, "list_next") else None
    found = {str(each.get("name", "")).rpartition("/")[2] for each in seen}
    assert {str(trip.one(name).get("name", name)).rpartition("/")[2] for name in names} <= found
    assert pages > 1 or not page_of_two(trip)

    change = {field: names[0] if value == "" else value for field, value in trip.change.items()}
    one = trip.one(names[0])
    if "update" in trip.extra:
        one = {trip.extra["update"]: next(value for field, value in one.items() if field != "projectId")}
    mask = {"updateMask": ",".join(trip.change)} if trip.masked else {}
    getattr(client, trip.update)(**one, **mask, body=trip.update_body(change)).execute()
    assert is_part(change, client.get(**trip.one(names[0])).execute())

    client.delete(**trip.one(names[0])).execute()
    with pytest.raises(HttpError) as gone:
        client.get(**trip.one(names[0])).execute()
    assert gone.value.resp.status == 404


def page_of_two(trip: Trip) -> Json:
    """The size of a page, where the method knows pages."""
    if trip.service in ("cloudasset", "iam", "sqladmin"):
        return {} if trip.service == "cloudasset" else {"maxResults" if trip.service == "sqladmin" else "pageSize": 2}
    return {PAGES.get(trip.service, "pageSize"): 2}
