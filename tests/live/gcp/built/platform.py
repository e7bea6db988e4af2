"""What runs, is reached from outside, is backed up, and the pipelines that change it."""

from typing import Any

from terrace.gcp import names
from tests.live.gcp.built.ground import subnet, trust, vpc
from tests.live.gcp.site import ACCOUNT, Site

GITHUB = "https://token.actions.githubusercontent.com"


def build(site: Site) -> None:
    _cluster(site)
    _entry(site)
    _backed_up(site)
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
