"""What is watched, recorded, governed and paid for."""

import base64
import json
from typing import Any

from terrace.capabilities.observability import EmailChannel
from terrace.gcp import names
from terrace.gcp.signals import RECORD
from terrace.live.gcp.audit import _ASSETS, _BASELINE
from terrace.live.gcp.observability import SIGNALS
from tests.live.gcp.built.ground import sink
from tests.live.gcp.site import Site


def build(site: Site) -> None:
    _watched(site)
    _audited(site)
    _paid(site)
    _asleep(site)
    _governed(site)


def topic(site: Site, name: str) -> None:
    body = {
        "kmsKeyName": names.key(site.target, "events"),
        "messageStoragePolicy": {"allowedPersistenceRegions": [site.target.region]},
        "labels": site.labels,
    }
    site.do("pubsub", "projects.topics.create", name=names.topic(site.target, name), body=body)
    subscription = {"topic": names.topic(site.target, name), "labels": site.labels}
    name = f"{site.project}/subscriptions/{site.prefix}-{name}"
    site.do("pubsub", "projects.subscriptions.create", name=name, body=subscription)


def channel(site: Site, name: str, type: str, **labels: str) -> str:
    """A way to tell somebody; its name, which Google makes up."""
    body = {
        "displayName": f"{site.prefix} {name}",
        "type": type,
        "labels": labels,
        "enabled": True,
        "userLabels": site.labels,
    }
    made = site.do("monitoring", "projects.notificationChannels.create", name=site.project, body=body)
    return str(made["name"])


def alarm(site: Site, name: str, severity: str, filter: str, threshold: float, *, seconds: int = 900) -> None:
    """One alert policy with one condition."""
    condition = {
        "displayName": name,
        "conditionThreshold": {
            "filter": filter,
            "comparison": "COMPARISON_GT",
            "thresholdValue": threshold,
            "duration": f"{seconds}s",
            "aggregations": [{"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_MEAN"}],
        },
    }
    body = {
        "displayName": f"{site.prefix}-{name}-{severity}",
        "severity": severity.upper(),
        "combiner": "OR",
        "enabled": True,
        "conditions": [condition],
        "notificationChannels": site.ids["told"][severity],
        "userLabels": site.labels,
    }
    site.do("monitoring", "projects.alertPolicies.create", name=site.project, body=body)


def _watched(site: Site) -> None:
    spec = site.environment.observability
    ways = {}
    for name, way in spec.channels.items():
        mail = isinstance(way, EmailChannel)
        reached = {"email_address": way.address} if isinstance(way, EmailChannel) else {"url": way.url}
        ways[name] = channel(site, name, "email" if mail else "webhook_tokenauth", **reached)
    site.ids["told"] = {}
    for severity in ("warning", "critical"):
        topic(site, severity)
        inbox = channel(site, severity, "pubsub", topic=names.topic(site.target, severity))
        site.ids["told"][severity] = [*(ways[name] for name in getattr(spec.escalation, severity)), inbox]
    metric = {"name": f"{site.prefix}/lake-denials", "filter": 'resource.type="gcs_bucket"'}
    site.do("logging", "projects.metrics.create", parent=site.project, body=metric)
    limits = spec.thresholds
    tops = (
        limits.database_cpu_percent / 100, 1000.0, float(limits.database_connections),
        limits.cache_memory_percent / 100, float(limits.cache_evictions), limits.node_cpu_percent / 100,
        limits.node_memory_percent / 100, 0.0,
    )  # fmt: skip
    for severity in ("warning", "critical"):
        for signal, top in zip(SIGNALS, tops, strict=True):
            alarm(site, signal.rpartition("/")[2], severity, f'metric.type="{signal}"', top)
        denials = f'metric.type="logging.googleapis.com/user/{site.prefix}/lake-denials"'
        alarm(site, "lake-denials", severity, denials, 20)
        alarm(site, "backup-failed", severity, 'metric.type="a-test"', 0)
        alarm(site, "objective", severity, 'select_slo_burn_rate("x", "3600s")', 14.4, seconds=0)
    draw(site, SIGNALS)
    objective = {"displayName": "availability", "goal": round(spec.slo_percent / 100, 6), "rollingPeriod": "2419200s"}
    service = {"displayName": site.prefix, "custom": {}, "userLabels": site.labels}
    site.do("monitoring", "services.create", parent=site.project, serviceId=site.prefix, body=service)
    parent = f"{site.project}/services/{site.prefix}"
    site.do(
        "monitoring",
        "services.serviceLevelObjectives.create",
        parent=parent,
        serviceLevelObjectiveId="availability",
        body=objective,
    )


def draw(site: Site, signals: tuple[str, ...]) -> None:
    """A dashboard that shows these."""
    title = f"Objective: {site.environment.observability.slo_percent:g} % of requests succeed"
    text = {"title": title, "text": {"content": " ".join(signals)}}
    body = {"displayName": site.prefix, "mosaicLayout": {"columns": 48, "tiles": [{"widget": text}]}}
    site.do("monitoring/v1", "projects.dashboards.create", parent=site.project, body=body)


def record(site: Site, *kinds: str) -> None:
    """Audit these kinds of calls of all services."""
    policy = site.do("cloudresourcemanager", "projects.getIamPolicy", resource=site.project, body={})
    config = {"service": "allServices", "auditLogConfigs": [{"logType": kind} for kind in kinds]}
    body = {"policy": {**policy, "auditConfigs": [config]}, "updateMask": "bindings,etag,auditConfigs"}
    site.do("cloudresourcemanager", "projects.setIamPolicy", resource=site.project, body=body)


def _audited(site: Site) -> None:
    record(site, "ADMIN_READ", "DATA_READ", "DATA_WRITE")
    audit = names.bucket(site.target, "audit")
    sink(site, f"{site.prefix}-archive", f"storage.googleapis.com/{audit}", RECORD)
    for name in ("findings", "changes"):
        topic(site, name)
    findings = {
        "pubsubTopic": names.topic(site.target, "findings"),
        "streamingConfig": {"filter": 'state = "ACTIVE" AND (severity = "HIGH" OR severity = "CRITICAL")'},
    }
    path = f"v2/{site.project}/locations/global/notificationConfigs?configId={site.prefix}-findings"
    site.rest("POST", "securitycenter", path, findings)
    kinds = ("RESOURCE", "IAM_POLICY") if site.environment.audit.continuous_recording else ("RESOURCE",)
    for kind in kinds:
        feed = {
            "name": f"{site.project}/feeds/{site.prefix}-{kind.lower().replace('_', '-')}",
            "contentType": kind,
            "assetTypes": list(_ASSETS),
            "feedOutputConfig": {"pubsubDestination": {"topic": names.topic(site.target, "changes")}},
        }
        body = {"feedId": f"{site.prefix}-{kind.lower().replace('_', '-')}", "feed": feed}
        site.do("cloudasset", "feeds.create", parent=site.project, body=body)


def thresholds(*percents: int) -> list[dict[str, Any]]:
    return [{"thresholdPercent": percent / 100, "spendBasis": "CURRENT_SPEND"} for percent in percents]


def _paid(site: Site) -> None:
    parent = f"billingAccounts/{names.settings(site.target).billing_account}"
    body = {
        "displayName": site.prefix,
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": str(site.environment.cost.budget_usd)}},
        "budgetFilter": {"projects": [f"projects/{names.number(site.target)}"], "calendarPeriod": "MONTH"},
        "thresholdRules": thresholds(50, 80, 100),
        "notificationsRule": {"monitoringNotificationChannels": site.ids["told"]["warning"][:1]},
    }
    site.ids["budget"] = site.do("billingbudgets", "billingAccounts.budgets.create", parent=parent, body=body)["name"]


def _asleep(site: Site) -> None:
    spec = site.environment.cost.sleep
    assert spec
    server = f"https://sqladmin.googleapis.com/v1/{names.database_id(site.target)}"
    jobs: dict[str, tuple[str, int, str, str, Any]] = {
        "database-down": (spec.down, 0, "PATCH", server, {"settings": {"activationPolicy": "NEVER"}}),
        "database-up": (spec.up, 0, "PATCH", server, {"settings": {"activationPolicy": "ALWAYS"}}),
    }
    for name in site.environment.cluster.pools:
        at = f"https://container.googleapis.com/v1/{names.cluster_id(site.target)}/nodePools/{name}"
        off, on = {"autoscaling": {"enabled": False}}, {"autoscaling": {"enabled": True}}
        jobs[f"nodes-{name}-down"] = (spec.down, 0, "POST", f"{at}:setAutoscaling", off)
        jobs[f"nodes-{name}-size-down"] = (spec.down, 5, "POST", f"{at}:setSize", {"nodeCount": 0})
        jobs[f"nodes-{name}-up"] = (spec.up, 0, "POST", f"{at}:setAutoscaling", on)
    for name, (time, late, method, uri, body) in jobs.items():
        hour, minute = (int(part) for part in time.split(":"))
        job = {
            "name": f"{site.place}/jobs/{site.prefix}-{name}",
            "schedule": f"{minute + late} {hour} * * 1-5",
            "timeZone": spec.timezone,
            "httpTarget": {
                "uri": uri,
                "httpMethod": method,
                "body": base64.b64encode(json.dumps(body).encode()).decode(),
                "oauthToken": {"serviceAccountEmail": names.role_email(site.target, "sleep")},
            },
        }
        site.do("cloudscheduler", "projects.locations.jobs.create", parent=site.place, body=job)


def _governed(site: Site) -> None:
    for constraint in (*_BASELINE, "storage.secureHttpTransport"):
        rule = {"denyAll": True} if constraint == "compute.vmExternalIpAccess" else {"enforce": True}
        constrain(site, constraint, rule)
    name = site.project.replace("/", "%2F")
    parent = f"policies/cloudresourcemanager.googleapis.com%2F{name}/denypolicies"
    denied = {"deniedPrincipals": ["principalSet://goog/public:all"], "deniedPermissions": ["iam.googleapis.com/x.y"]}
    policy = {"displayName": site.prefix, "rules": [{"description": "No static keys", "denyRule": denied}]}
    site.do("iam/v2", "policies.createPolicy", parent=parent, policyId=f"{site.prefix}-ceiling", body=policy)
    both = ("in:eu-locations",) if site.is_double else ()
    places = {f"in:{region}-locations" for region in (site.target.region, site.away)}
    constrain(site, "gcp.resourceLocations", {"values": {"allowedValues": [*sorted(places), *both]}})


def constrain(site: Site, constraint: str, rule: dict[str, Any], *, verb: str = "create") -> None:
    """Make or replace an organisation policy on the project."""
    name = f"{site.project}/policies/{constraint}"
    body = {"name": name, "spec": {"rules": [rule]}}
    where = {"parent": site.project} if verb == "create" else {"name": name}
    site.do("orgpolicy", f"projects.policies.{verb}", **where, body=body)
