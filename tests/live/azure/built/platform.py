"""The cluster, the entry, alarms, the record of calls, backups, the budget, pipelines, modules, the link, and locks."""

import json
from typing import Any

from terrace.azure import names
from terrace.capabilities.lake import BUCKETS
from terrace.capabilities.spec import LAYERS
from terrace.live.azure.observability import SIGNALS
from tests.live.azure.built.ground import GITHUB, USE, identity
from tests.live.azure.site import Site, user

LOGS = ["kube-apiserver", "kube-audit", "kube-controller-manager", "kube-scheduler", "guard"]
PLANS = ("Arm", "Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts", "VirtualMachines")
BASELINE = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"


def pool(site: Site, name: str) -> dict[str, Any]:
    spec = site.environment.cluster.pools[name]
    system = spec.kind == "system"
    return {
        "name": name.replace("-", ""),
        "mode": "System" if system else "User",
        "vmSize": "Standard_D4ds_v5",
        "vnetSubnetID": names.subnet_id(site.target, "nodes"),
        "availabilityZones": list(site.target.zones),
        "enableAutoScaling": True,
        "count": max(spec.min_nodes, int(system)),
        "minCount": max(spec.min_nodes, int(system)),
        "maxCount": spec.max_nodes,
        "scaleSetPriority": "Spot" if spec.kind == "spot" else "Regular",
        **({"scaleSetEvictionPolicy": "Delete", "spotMaxPrice": -1} if spec.kind == "spot" else {}),
        "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"] if spec.dedicated else [],
        "osType": "Linux",
        "osSKU": "AzureLinux",
        "enableEncryptionAtHost": True,
        "enableNodePublicIP": False,
        "type": "VirtualMachineScaleSets",
    }


def cluster(site: Site) -> None:
    target = site.target
    who = identity(site, "cluster-control")
    kubelet = identity(site, "cluster-kubelet")
    control = site.principal("cluster-control")
    site.grant(control, "Key Vault Crypto User", f"{names.vault_id(target)}/keys/cluster")
    site.grant(control, "Key Vault Contributor", names.vault_id(target))
    site.grant(control, "Network Contributor", names.network_id(target))
    site.grant(control, "Private DNS Zone Contributor", names.private_zone_id(target, "cluster"))
    site.grant(control, "Managed Identity Operator", kubelet)
    disks = site.make(
        "Microsoft.Compute/diskEncryptionSets",
        f"{site.prefix}-disks",
        {
            "activeKey": {"keyUrl": names.key_url(target, "disks")},
            "encryptionType": "EncryptionAtRestWithPlatformAndCustomerKeys",
            "rotationToLatestKeyVersionEnabled": True,
        },
        identity=user(site.identity("disks-key")),
    )
    site.make(
        "Microsoft.ContainerService/managedClusters",
        site.prefix,
        {
            "kubernetesVersion": site.environment.cluster.version,
            "nodeResourceGroup": f"{site.prefix}-nodes",
            "fqdnSubdomain": site.prefix,
            "disableLocalAccounts": True,
            "enableRBAC": True,
            "diskEncryptionSetID": disks,
            "agentPoolProfiles": [pool(site, name) for name in site.environment.cluster.pools],
            "apiServerAccessProfile": {
                "enablePrivateCluster": True,
                "enablePrivateClusterPublicFQDN": False,
                "enableVnetIntegration": True,
                "privateDNSZone": names.private_zone_id(target, "cluster"),
                "subnetId": names.subnet_id(target, "control"),
                "disableRunCommand": True,
            },
            "aadProfile": {
                "managed": True,
                "enableAzureRBAC": True,
                "tenantID": names.settings(target).tenant_id,
                "adminGroupObjectIDs": [names.settings(target).admin_group_id],
            },
            "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
            "oidcIssuerProfile": {"enabled": True},
            "securityProfile": {
                "workloadIdentity": {"enabled": True},
                "azureKeyVaultKms": {
                    "enabled": True,
                    "keyId": site.key_version("cluster"),
                    "keyVaultNetworkAccess": "Private",
                    "keyVaultResourceId": names.vault_id(target),
                },
            },
            "networkProfile": {
                "networkPlugin": "azure",
                "networkPluginMode": "overlay",
                "networkPolicy": "cilium",
                "networkDataplane": "cilium",
                "outboundType": "userAssignedNATGateway",
                "loadBalancerSku": "standard",
                "podCidr": "100.64.0.0/16",
                "serviceCidr": "172.20.0.0/16",
                "dnsServiceIP": "172.20.0.10",
            },
        },
        sku={"name": "Base", "tier": "Standard"},
        identity=user(who),
    )
    for name, day in (("aksManagedAutoUpgradeSchedule", "Sunday"), ("aksManagedNodeOSUpgradeSchedule", "Saturday")):
        weekly = {"weekly": {"dayOfWeek": day, "intervalWeeks": 1}}
        window = {"schedule": weekly, "durationHours": 4, "startTime": "03:00", "utcOffset": "+00:00"}
        place = f"{names.cluster_id(target)}/maintenanceConfigurations/{name}"
        site.put(place, {"maintenanceWindow": window})
    site.logs(names.cluster_id(target), "logs", LOGS, to=names.workspace_id(target))


def firewall(site: Site, mode: str) -> str:
    everybody = [
        {"matchVariables": [{"variableName": "RemoteAddr"}], "operator": "IPMatch", "matchValues": ["0.0.0.0/0"]}
    ]
    limit = {
        "name": "rate",
        "priority": 10,
        "ruleType": "RateLimitRule",
        "action": "Block",
        "rateLimitDuration": "FiveMins",
        "rateLimitThreshold": site.environment.network.entry.requests_per_five_minutes,
        "groupByUserSession": [{"groupByVariables": [{"variableName": "ClientAddr"}]}],
        "matchConditions": everybody,
    }
    rules = {"managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.1"}]}
    return site.make(
        "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies",
        site.prefix,
        {"policySettings": {"state": "Enabled", "mode": mode}, "managedRules": rules, "customRules": [limit]},
    )


def entry(site: Site) -> None:
    target = site.target
    site.make("Microsoft.Network/dnsZones", site.environment.network.entry.domain, location="global")
    own = names.id(target, "Microsoft.Network/applicationGateways", site.prefix)
    address = names.id(target, "Microsoft.Network/publicIPAddresses", f"{site.prefix}-entry")

    def part(kind: str, name: str, **properties: Any) -> dict[str, Any]:
        return {"name": name, "properties": properties}

    def ref(kind: str, name: str) -> dict[str, str]:
        return {"id": f"{own}/{kind}/{name}"}

    who = identity(site, "entry")
    front = {"frontendIPConfiguration": ref("frontendIPConfigurations", "public")}
    certificate = f"https://{names.vault(target)}.vault.azure.net/secrets/entry"
    site.make(
        "Microsoft.Network/applicationGateways",
        site.prefix,
        {
            "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
            "autoscaleConfiguration": {"minCapacity": 2, "maxCapacity": 10},
            "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101S"},
            "firewallPolicy": {"id": firewall(site, "Prevention")},
            "gatewayIPConfigurations": [part("", "entry", subnet={"id": names.subnet_id(target, "entry")})],
            "frontendIPConfigurations": [part("", "public", publicIPAddress={"id": address})],
            "frontendPorts": [part("", "https", port=443), part("", "http", port=80)],
            "sslCertificates": [part("", "entry", keyVaultSecretId=certificate)],
            "backendAddressPools": [part("", "ingress", backendAddresses=[{"ipAddress": "10.42.31.254"}])],
            "backendHttpSettingsCollection": [part("", "ingress", port=443, protocol="Https")],
            "httpListeners": [
                part(
                    "",
                    "https",
                    protocol="Https",
                    frontendPort=ref("frontendPorts", "https"),
                    sslCertificate=ref("sslCertificates", "entry"),
                    **front,
                ),
                part("", "http", protocol="Http", frontendPort=ref("frontendPorts", "http"), **front),
            ],
            "redirectConfigurations": [
                part("", "to-https", redirectType="Permanent", targetListener=ref("httpListeners", "https"))
            ],
            "requestRoutingRules": [
                part(
                    "",
                    "https",
                    ruleType="Basic",
                    priority=10,
                    httpListener=ref("httpListeners", "https"),
                    backendAddressPool=ref("backendAddressPools", "ingress"),
                    backendHttpSettings=ref("backendHttpSettingsCollection", "ingress"),
                ),
                part(
                    "",
                    "http",
                    ruleType="Basic",
                    priority=20,
                    httpListener=ref("httpListeners", "http"),
                    redirectConfiguration=ref("redirectConfigurations", "to-https"),
                ),
            ],
        },
        zones=list(target.zones),
        identity=user(who),
    )
    site.logs(own, "logs", ["allLogs"], to=names.workspace_id(target))


def alarm(site: Site, name: str, metric: str, scope: str, severity: str) -> str:
    criterion = {
        "name": "criterion",
        "criterionType": "StaticThresholdCriterion",
        "metricName": metric,
        "metricNamespace": scope.split("/providers/")[-1].rpartition("/")[0],
        "operator": "GreaterThan",
        "threshold": 80,
        "timeAggregation": "Average",
    }
    return site.make(
        "Microsoft.Insights/metricAlerts",
        f"{site.prefix}-{name}-{severity}",
        {
            "enabled": True,
            "severity": 0 if severity == "critical" else 2,
            "scopes": [scope],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT30M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
                "allOf": [criterion],
            },
            "actions": [{"actionGroupId": names.topic_id(site.target, severity)}],
        },
        location="global",
    )


def alarms(site: Site) -> None:
    target = site.target
    nat = names.id(target, "Microsoft.Network/natGateways", site.prefix)
    scopes = [*[names.database_id(target)] * 3, *[names.cache_id(target)] * 2, *[names.cluster_id(target)] * 2, nat]
    for severity in ("warning", "critical"):
        for metric, scope in zip(SIGNALS, scopes, strict=True):
            alarm(site, metric.replace("_", "-"), metric, scope, severity)
        for layer in LAYERS:
            alarm(site, f"{layer}-denials", "Transactions", names.account_id(target, layer), severity)
    for word, severity in (("fast", "critical"), ("slow", "warning")):
        site.make(
            "Microsoft.Insights/scheduledQueryRules",
            f"{site.prefix}-objective-{word}",
            {
                "enabled": True,
                "severity": 0,
                "scopes": [names.workspace_id(target)],
                "evaluationFrequency": "PT15M",
                "windowSize": "PT1H",
                "criteria": {
                    "allOf": [
                        {
                            "query": "AGWAccessLogs | extend burn = 1 | where burn > 14.4",
                            "timeAggregation": "Count",
                            "operator": "GreaterThan",
                            "threshold": 0,
                        }
                    ]
                },
                "actions": {"actionGroups": [names.topic_id(target, severity)]},
            },
        )
    draw(site, SIGNALS)


def draw(site: Site, metrics: tuple[str, ...]) -> None:
    """The workbook, with these metrics on it."""
    objective = f"Objective: {site.environment.observability.slo_percent:g} % of requests succeed."
    items: list[dict[str, Any]] = [{"type": 1, "content": {"json": objective}}]
    items += [{"type": 10, "content": {"metrics": [{"metric": f"some/type--{metric}"}]}} for metric in metrics]
    site.make(
        "Microsoft.Insights/workbooks",
        names.guid(site.target, "dashboard"),
        {
            "displayName": f"{site.prefix}: signals and objective",
            "category": "workbook",
            "sourceId": names.workspace_id(site.target).lower(),
            "serializedData": json.dumps({"version": "Notebook/1.0", "items": items}),
        },
        kind="shared",
    )


def record(site: Site, categories: list[str]) -> None:
    """The subscription's activity log, to the workspace and the audit account."""
    audit, workspace = names.account_id(site.target, "audit"), names.workspace_id(site.target)
    site.logs(names.subscription(site.target), site.prefix, categories, to=workspace, account=audit)


def audit(site: Site) -> None:
    subscription = names.subscription(site.target)
    record(site, ["Administrative", "Security", "Policy", "Alert"])
    site.logs(names.vault_id(site.target), "trail", ["audit"], to=names.workspace_id(site.target))
    for plan in PLANS:
        extensions = [{"name": "ContainerRegistriesVulnerabilityAssessments", "isEnabled": "True"}]
        more = {"extensions": extensions} if plan == "Containers" else {}
        site.put(f"{subscription}/providers/Microsoft.Security/pricings/{plan}", {"pricingTier": "Standard", **more})
    site.put(
        f"{subscription}/providers/Microsoft.Security/securityContacts/default",
        {
            "emails": "platform@example.com",
            "isEnabled": True,
            "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
            "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        },
    )
    site.put(
        f"{subscription}/providers/Microsoft.Authorization/policyAssignments/{site.prefix}-baseline",
        {"policyDefinitionId": names.policy_id(BASELINE, initiative=True), "enforcementMode": "DoNotEnforce"},
        location=site.target.region,
        identity={"type": "SystemAssigned"},
    )


def policy(site: Site, name: str, source: str, every: str) -> dict[str, Any]:
    """A backup policy's body: when, and for how long."""
    days = f"P{site.environment.backup.retention_days}D"
    kept = {
        "objectType": "AzureRetentionRule",
        "name": "Default",
        "isDefault": True,
        "lifecycles": [
            {
                "deleteAfter": {
                    "objectType": "AbsoluteDeleteOption",
                    "duration": days,
                },
                "sourceDataStore": {"dataStoreType": "VaultStore", "objectType": "DataStoreInfoBase"},
            }
        ],
    }
    when = {
        "objectType": "AzureBackupRule",
        "name": "Backup",
        "trigger": {
            "objectType": "ScheduleBasedTriggerContext",
            "schedule": {"repeatingTimeIntervals": [f"R/2026-01-04T17:00:00+00:00/{every}"], "timeZone": "UTC"},
        },
        "dataStore": {"dataStoreType": "VaultStore", "objectType": "DataStoreInfoBase"},
    }
    return {"objectType": "BackupPolicy", "datasourceTypes": [source], "policyRules": [kept, when]}


def backup(site: Site) -> None:
    target = site.target
    who = site.identity("backups-key")
    vault = site.make(
        "Microsoft.DataProtection/backupVaults",
        site.prefix,
        {
            "storageSettings": [{"datastoreType": "VaultStore", "type": "GeoRedundant"}],
            "featureSettings": {"crossRegionRestoreSettings": {"state": "Enabled"}},
            "securitySettings": {
                "immutabilitySettings": {"state": "Locked"},
                "softDeleteSettings": {"state": "AlwaysOn", "retentionDurationInDays": 14},
                "encryptionSettings": {
                    "state": "Enabled",
                    "keyVaultProperties": {"keyUri": names.key_url(target, "backups")},
                    "kekIdentity": {"identityType": "UserAssigned", "identityId": who},
                },
            },
        },
        identity={"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {who: {}}},
    )
    sources = {
        "lake-daily": ("Microsoft.Storage/storageAccounts/blobServices", "P1D"),
        "database-weekly": ("Microsoft.DBforPostgreSQL/flexibleServers", "P1W"),
    }
    for name, (source, every) in sources.items():
        site.put(f"{vault}/backupPolicies/{name}", policy(site, name, source, every))
    acts = site.reader.get(vault)["identity"]["principalId"]
    server, layers = names.database_id(target), ("silver", "gold", "platinum")
    site.grant(acts, "Reader", names.group_id(target))
    site.grant(acts, "PostgreSQL Flexible Server Long Term Retention Backup Role", server)
    site.grant(acts, USE, f"{names.vault_id(target)}/keys/backups")
    for layer in layers:
        account = names.account_id(target, layer)  # type: ignore[arg-type]
        site.grant(acts, "Storage Account Backup Contributor", account)
        protect(site, layer, account, sources["lake-daily"][0], "lake-daily")
    protect(site, "database", server, sources["database-weekly"][0], "database-weekly")
    trouble(site)
    identity(site, "velero")
    velero = site.principal("velero")
    site.pods("velero", "velero", "velero")
    site.grant(velero, "Storage Blob Data Contributor", names.container_id(target, "backups"))
    site.grant(velero, "Disk Snapshot Contributor", names.group_id(target))


def protect(site: Site, name: str, id: str, source: str, policy: str) -> None:
    """A backup instance."""
    vault = names.id(site.target, "Microsoft.DataProtection/backupVaults", site.prefix)
    data = {
        "objectType": "Datasource",
        "resourceID": id,
        "resourceName": id.rpartition("/")[2],
        "resourceLocation": site.target.region,
        "datasourceType": source,
    }
    site.put(
        f"{vault}/backupInstances/{name}",
        {
            "objectType": "BackupInstance",
            "friendlyName": name,
            "dataSourceInfo": data,
            "policyInfo": {"policyId": f"{vault}/backupPolicies/{policy}"},
        },
    )


def trouble(site: Site, *, enabled: bool = True) -> None:
    """What the vault tells goes to the people for critical things."""
    vault = names.id(site.target, "Microsoft.DataProtection/backupVaults", site.prefix)
    actions = [{"actionType": "AddActionGroups", "actionGroupIds": [names.topic_id(site.target, "critical")]}]
    site.make(
        "Microsoft.AlertsManagement/actionRules",
        f"{site.prefix}-backup-trouble",
        {"scopes": [vault], "actions": actions, "enabled": enabled},
        location="global",
    )


def budget(site: Site, percents: tuple[int, ...] = (50, 80, 100)) -> None:
    notifications = {
        f"actual-{percent}": {
            "enabled": True,
            "operator": "GreaterThanOrEqualTo",
            "threshold": percent,
            "thresholdType": "Actual",
            "contactEmails": ["platform@example.com"],
            "contactGroups": [names.topic_id(site.target, "warning")],
        }
        for percent in percents
    }
    site.put(
        f"{names.subscription(site.target)}/providers/Microsoft.Consumption/budgets/{site.prefix}",
        {
            "amount": site.environment.cost.budget_usd,
            "category": "Cost",
            "timeGrain": "Monthly",
            "timePeriod": {"startDate": "2026-01-01T00:00:00Z", "endDate": "2036-01-01T00:00:00Z"},
            "filter": {"tags": {"name": "environment", "operator": "In", "values": [site.target.environment]}},
            "notifications": notifications,
        },
    )


def sleep(site: Site) -> None:
    spec = site.environment.cost.sleep
    assert spec is not None
    for thing, id in (("cluster", names.cluster_id(site.target)), ("database", names.database_id(site.target))):
        for word, at, verb in (("down", spec.down, "stop"), ("up", spec.up, "start")):
            workflow(site, f"{thing}-{word}", at, f"{id}/{verb}")


def workflow(site: Site, name: str, at: str, action: str, state: str = "Enabled") -> None:
    hour, minute = (int(part) for part in at.split(":"))
    schedule = {"hours": [hour], "minutes": [minute], "weekDays": ["Monday"]}
    recurrence = {"frequency": "Week", "interval": 1, "timeZone": "UTC", "schedule": schedule}
    uri = f"https://management.azure.com{action}?api-version=2024-08-01"
    site.make(
        "Microsoft.Logic/workflows",
        f"{site.prefix}-{name}",
        {
            "state": state,
            "definition": {
                "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
                "contentVersion": "1.0.0.0",
                "triggers": {"time": {"type": "Recurrence", "recurrence": recurrence}},
                "actions": {"call": {"type": "Http", "inputs": {"method": "POST", "uri": uri}}},
            },
        },
        identity={"type": "SystemAssigned"},
    )


def pipelines(site: Site) -> None:
    target = site.target
    repository = f"repo:{site.environment.identity.repository}"
    for purpose in ("ci-plan", "ci-apply"):
        identity(site, purpose)
    site.trust("ci-plan", "pull-requests", GITHUB, f"{repository}:pull_request")
    site.trust("ci-apply", "environment", GITHUB, f"{repository}:environment:{site.environment.name}")
    site.grant(site.principal("ci-plan"), "Reader", names.subscription(target))
    site.grant(site.principal("ci-apply"), "Contributor", names.group_id(target))
    group = names.group_id(target)
    role = f"{group}/providers/Microsoft.Authorization/roleDefinitions/{names.guid(target, 'planning-home')}"
    action = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
    planning(site, [action])
    site.grant(site.principal("ci-plan"), role, group)
    condition = "@Resource[containers:name] StringEquals 'state'"
    more = {"condition": condition, "conditionVersion": "2.0"}
    site.grant(site.principal("ci-plan"), "Storage Blob Data Contributor", names.subscription(target), **more)


def planning(site: Site, actions: list[str]) -> None:
    """The role that a plan has beyond reading."""
    group = names.group_id(site.target)
    site.put(
        f"{group}/providers/Microsoft.Authorization/roleDefinitions/{names.guid(site.target, 'planning-home')}",
        {
            "roleName": f"{site.prefix}-planning-home",
            "type": "CustomRole",
            "permissions": [{"actions": actions, "notActions": []}],
            "assignableScopes": [group],
        },
    )


def modules(site: Site) -> None:
    verbs = {"read": "Storage Blob Data Reader", "write": "Storage Blob Data Contributor"}
    for name, module in site.environment.modules.items():
        if not module.enabled:
            continue
        purpose = f"module-{name}"
        identity(site, purpose)
        site.pods(purpose, module.namespace or name, name)
        principal = site.principal(purpose)
        for bucket, access in module.lake.items():
            site.grant(principal, verbs[access], names.container_id(site.target, bucket))
        site.grant(principal, "Key Vault Secrets User", names.secret_id(site.target, f"{name}-app"))
        if module.cache:
            place = f"{names.cache_id(site.target)}/databases/default/accessPolicyAssignments/{name}"
            site.put(place, {"accessPolicyName": "default", "user": {"objectId": principal}})


def link(site: Site) -> None:
    spec, target = site.environment.network.hybrid, site.target
    assert spec is not None
    addresses = "Microsoft.Network/publicIPAddresses"
    gateway = site.make(
        "Microsoft.Network/virtualNetworkGateways",
        site.prefix,
        {
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "activeActive": True,
            "sku": {"name": "VpnGw2AZ", "tier": "VpnGw2AZ"},
            "ipConfigurations": [
                {
                    "name": name,
                    "properties": {
                        "subnet": {"id": names.subnet_id(target, "GatewaySubnet")},
                        "publicIPAddress": {"id": names.id(target, addresses, f"{site.prefix}-vpn-{name}")},
                    },
                }
                for name in ("first", "second")
            ],
        },
    )
    device = site.make(
        "Microsoft.Network/localNetworkGateways",
        site.prefix,
        {
            "gatewayIpAddress": str(spec.peer_address),
            "localNetworkAddressSpace": {"addressPrefixes": list(spec.peer_cidrs)},
        },
    )
    strong = {
        "ikeEncryption": "GCMAES256",
        "ikeIntegrity": "SHA384",
        "dhGroup": "ECP384",
        "ipsecEncryption": "GCMAES256",
        "ipsecIntegrity": "GCMAES256",
        "pfsGroup": "ECP384",
        "saLifeTimeSeconds": 27000,
        "saDataSizeKilobytes": 102400000,
    }
    site.make(
        "Microsoft.Network/connections",
        site.prefix,
        {
            "connectionType": "IPsec",
            "connectionProtocol": "IKEv2",
            "virtualNetworkGateway1": {"id": gateway},
            "localNetworkGateway2": {"id": device},
            "ipsecPolicies": [strong],
        },
    )


def keep(site: Site, scope: str, name: str) -> str:
    """A lock against deletion."""
    return site.put(f"{scope}/providers/Microsoft.Authorization/locks/keep-{name}", {"level": "CanNotDelete"})


def build(site: Site) -> None:
    cluster(site)
    entry(site)
    alarms(site)
    audit(site)
    backup(site)
    budget(site)
    sleep(site)
    pipelines(site)
    modules(site)
    link(site)
    keep(site, names.database_id(site.target), "database")
    keep(site, names.vault_id(site.target), "vault")
    for bucket in BUCKETS:
        keep(site, names.account_id(site.target, bucket), bucket)
