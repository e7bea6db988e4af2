"""What runs, is reached from outside, is watched, kept and paid for."""

import base64
import json
from typing import Any

from terrace.capabilities.observability import EmailChannel
from terrace.gcp import names
from terrace.gcp.signals import RECORD
from terrace.live.gcp.audit import _ASSETS, _BASELINE
from terrace.live.gcp.observability import SIGNALS
from tests.live.gcp.built.ground import sink, subnet, trust, vpc
from tests.live.gcp.site import ACCOUNT, Site

GITHUB = "https://token.actions.githubusercontent.com"


def build(site: Site) -> None:
    _cluster(site)
    _entry(site)
    _watched(site)
    _audited(site)
    _backed_up(site)
    _paid(site)
    _asleep(site)
    _governed(site)
    _pipelines(site)


def node_config(site: Site, kind: str, **more: Any) -> dict[str, Any]:
    """What a pool's nodes are made of."""
    return {
        "machineType": "n2-standard-8",
        "imageType": "COS_CONTAINERD",
        "bootDiskKmsKey": names.key(site.target, "disks"),
        "serviceAccount": names.role_email(site.target, "nodes"),
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
        "resourceLabels": site.labels,
        "spot": kind == "spot",
        "taints": [{"key": "terrace.dev/pool", "value": kind, "effect": "NO_SCHEDULE"}],
        **more,
    }


def pool(site: Site, name: str, **more: Any) -> dict[str, Any]:
    spec = site.environment.cluster.pools[name]
    return {
        "name": name,
        "initialNodeCount": spec.min_nodes,
        "locations": list(site.target.zones),
        "autoscaling": {"enabled": True, "totalMinNodeCount": spec.min_nodes, "totalMaxNodeCount": spec.max_nodes},
        "management": {"autoRepair": True, "autoUpgrade": True},
        "networkConfig": {"enablePrivateNodes": True},
        "config": node_config(site, spec.kind),
        **more,
    }


def _cluster(site: Site) -> None:
    logs = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
    window = {"startTime": "2026-01-03T02:00:00Z", "endTime": "2026-01-03T08:00:00Z"}
    ranges = [
        {"displayName": name, "cidrBlock": cidr}
        for name, cidr in site.environment.cluster.api_access.public_from.items()
    ]
    callers = {"authorizedNetworksConfig": {"enabled": True, "cidrBlocks": ranges}} if ranges else {}
    body = {
        "name": site.prefix,
        "network": vpc(site),
        "subnetwork": subnet(site, "nodes"),
        "locations": list(site.target.zones),
        "initialClusterVersion": site.environment.cluster.version,
        "releaseChannel": {"channel": "STABLE"},
        "maintenancePolicy": {
            "window": {"recurringWindow": {"window": window, "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU"}}
        },
        "ipAllocationPolicy": {
            "useIpAliases": True,
            "clusterSecondaryRangeName": "pods",
            "servicesSecondaryRangeName": "services",
        },
        "networkConfig": {"datapathProvider": "ADVANCED_DATAPATH", "defaultEnablePrivateNodes": True},
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {"allowExternalTraffic": False},
            "ipEndpointsConfig": {"enabled": bool(ranges), **callers},
        },
        "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": False}},
        "anonymousAuthenticationConfig": {"mode": "LIMITED"},
        "authenticatorGroupsConfig": {
            "enabled": True,
            "securityGroup": names.group(site.target, "gke-security-groups"),
        },
        "workloadIdentityConfig": {"workloadPool": f"{site.account}.svc.id.goog"},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": names.key(site.target, "cluster")},
        "loggingConfig": {"componentConfig": {"enableComponents": logs}},
        "shieldedNodes": {"enabled": True},
        "securityPostureConfig": {"mode": "BASIC"},
        "resourceLabels": site.labels,
        "nodePools": [pool(site, name) for name in site.environment.cluster.pools],
    }
    parent = f"{site.project}/locations/{names.cluster_location(site.target)}"
    site.do("container", "projects.locations.clusters.create", parent=parent, body={"cluster": body})
    for module in site.modules:
        namespace = site.environment.modules[module].namespace or module
        trust(site, f"module-{module}", f"{namespace}/{module}")
    trust(site, "velero", "velero/velero")


def firewall_rules(site: Site, *, preview: bool = False) -> list[dict[str, Any]]:
    """Cloud Armor's rules: the managed ones, a limit, and what no rule refused."""
    anybody = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
    limit = {"count": site.environment.network.entry.requests_per_five_minutes, "intervalSec": 300}
    managed = [
        {
            "action": "deny(403)",
            "priority": 1000 + place,
            "preview": preview,
            "match": {"expr": {"expression": f"evaluatePreconfiguredWaf('{word}-v33-stable', {{'sensitivity': 2}})"}},
        }
        for place, word in enumerate(("sqli", "xss", "lfi", "rce"))
    ]
    options = {"conformAction": "allow", "exceedAction": "deny(429)", "enforceOnKey": "IP", "banDurationSec": 300}
    ban = {
        "action": "rate_based_ban",
        "priority": 500,
        "match": anybody,
        "rateLimitOptions": {**options, "rateLimitThreshold": limit},
    }
    return [*managed, ban, {"action": "allow", "priority": 2147483647, "match": anybody}]


def _entry(site: Site) -> None:
    entry, redirect = f"{site.prefix}-entry", f"{site.prefix}-redirect"

    def make(collection: str, **body: Any) -> str:
        site.do("compute", f"{collection}.insert", project=site.account, body=body)
        return f"{site.project}/global/{collection}/{body['name']}"

    health = make("healthChecks", name=entry, type="HTTP", httpHealthCheck={"port": 8080})
    firewall = make("securityPolicies", name=site.prefix, rules=firewall_rules(site))
    service = make(
        "backendServices",
        name=entry,
        protocol="HTTPS",
        loadBalancingScheme="EXTERNAL_MANAGED",
        healthChecks=[health],
        securityPolicy=firewall,
        logConfig={"enable": True, "sampleRate": 1},
    )
    tls = make("sslPolicies", name=site.prefix, profile="RESTRICTED", minTlsVersion="TLS_1_2")
    urls = make("urlMaps", name=entry, defaultService=service)
    onward = make("urlMaps", name=redirect, defaultUrlRedirect={"httpsRedirect": True})
    certificates = f"{site.project}/locations/global/certificateMaps"
    site.do(
        "certificatemanager",
        "projects.locations.certificateMaps.create",
        parent=f"{site.project}/locations/global",
        certificateMapId=site.prefix,
        body={"labels": site.labels},
    )
    certificate = f"//certificatemanager.googleapis.com/{certificates}/{site.prefix}"
    secure = make("targetHttpsProxies", name=entry, urlMap=urls, sslPolicy=tls, certificateMap=certificate)
    plain = make("targetHttpProxies", name=redirect, urlMap=onward)
    site.do("compute", "globalAddresses.insert", project=site.account, body={"name": entry, "labels": site.labels})
    for name, proxy, port in (("https", secure, "443"), ("http", plain, "80")):
        body = {
            "name": f"{site.prefix}-{name}",
            "target": proxy,
            "IPAddress": f"{site.project}/global/addresses/{entry}",
            "portRange": port,
            "loadBalancingScheme": "EXTERNAL_MANAGED",
        }
        site.do("compute", "globalForwardingRules.insert", project=site.account, body=body)


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


def _backed_up(site: Site) -> None:
    spec = site.environment.backup
    leaves = spec.copy_to_recovery_region and site.is_double
    away = f"{site.project}/locations/{site.away if leaves else site.target.region}"
    key = names.key(site.target, "backups", "recovery" if leaves else "home")
    vault = {
        "backupMinimumEnforcedRetentionDuration": "604800s",
        "encryptionConfig": {"kmsKeyName": key},
        "labels": site.labels,
    }
    vaults = "projects.locations.backupVaults"
    site.do("backupdr", f"{vaults}.create", parent=away, backupVaultId=site.prefix, body=vault)
    plan = {
        "resourceType": "sqladmin.googleapis.com/Instance",
        "backupVault": f"{away}/backupVaults/{site.prefix}",
        "backupRules": [backup_rule(site)],
    }
    name = f"{site.prefix}-database"
    plans = "projects.locations.backupPlans"
    site.do("backupdr", f"{plans}.create", parent=site.place, backupPlanId=name, body=plan)
    link = {
        "backupPlan": f"{site.place}/backupPlans/{name}",
        "resource": names.database_id(site.target),
        "resourceType": "sqladmin.googleapis.com/Instance",
    }
    links = "projects.locations.backupPlanAssociations"
    site.do("backupdr", f"{links}.create", parent=site.place, backupPlanAssociationId=name, body=link)
    cluster = {
        "cluster": names.cluster_id(site.target),
        "backupConfig": {"allNamespaces": True, "encryptionKey": {"gcpKmsEncryptionKey": key}},
        "backupSchedule": {"cronSchedule": "0 5,17 * * *"},
        "retentionPolicy": {"backupRetainDays": spec.retention_days},
        "labels": site.labels,
    }
    site.do("gkebackup", f"{plans}.create", parent=away, backupPlanId=site.prefix, body=cluster)
    for layer in ("silver", "gold", "platinum"):
        job = {
            "description": f"{site.prefix}: {layer} to backups",
            "projectId": site.account,
            "status": "ENABLED",
            "schedule": {
                "scheduleStartDate": {"year": 2026, "month": 1, "day": 1},
                "repeatInterval": f"{int(spec.every.total_seconds())}s",
            },
            "transferSpec": {
                "gcsDataSource": {"bucketName": names.bucket(site.target, layer)},  # type: ignore[arg-type]
                "gcsDataSink": {"bucketName": names.bucket(site.target, "backups"), "path": f"lake/{layer}/"},
            },
        }
        site.do("storagetransfer", "transferJobs.create", body=job)


def backup_rule(site: Site, *, every: int = 12, **more: Any) -> dict[str, Any]:
    """The rule of the database's plan: each so many hours."""
    schedule = {
        "recurrenceType": "HOURLY",
        "hourlyFrequency": every,
        "timeZone": "UTC",
        "backupWindow": {"startHourOfDay": 0, "endHourOfDay": 24},
    }
    days = site.environment.backup.retention_days
    return {"ruleId": "platform", "backupRetentionDays": days, "standardSchedule": schedule, **more}


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


def _pipelines(site: Site) -> None:
    repository = site.environment.identity.repository
    pools, parent = "projects.locations.workloadIdentityPools", f"{site.project}/locations/global"
    pool = f"{site.prefix}-github"
    site.do("iam", f"{pools}.create", parent=parent, workloadIdentityPoolId=pool, body={"displayName": "GitHub"})
    subjects = {
        "plan": f"repo:{repository}:pull_request",
        "apply": f"repo:{repository}:environment:{site.environment.name}",
    }
    for name, subject in subjects.items():
        body = {
            "attributeMapping": {"google.subject": "assertion.sub"},
            "attributeCondition": f"assertion.repository == '{repository}' && assertion.sub == '{subject}'",
            "oidc": {"issuerUri": GITHUB},
        }
        inside, id = f"{parent}/workloadIdentityPools/{pool}", f"github-{name}"
        site.do("iam", f"{pools}.providers.create", parent=inside, workloadIdentityPoolProviderId=id, body=body)
        federate(site, f"ci-{name}", subject)


def federate(site: Site, purpose: str, subject: str) -> None:
    """Let a workflow act as the service account of a purpose."""
    pool = f"projects/{names.number(site.target)}/locations/global/workloadIdentityPools/{site.prefix}-github"
    account = f"{site.project}/serviceAccounts/{names.role_email(site.target, purpose)}"
    member = f"principal://iam.googleapis.com/{pool}/subject/{subject}"
    site.grant(ACCOUNT, {"resource": account}, ("roles/iam.workloadIdentityUser", member))
