"""What everything stands on: services, accounts, keys, logs, the network and its openings."""

from typing import Any

from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, Purpose
from terrace.gcp import names
from terrace.gcp.names import LogBucket, Place
from terrace.gcp.signals import FILTERS
from terrace.live.gcp.session import VERSIONS
from tests.live.gcp.site import ACCOUNT, KEY, PROJECT, Site

DAY = 86400
RESTRICTED = [f"199.36.153.{last}" for last in (4, 5, 6, 7)]
SERVICES = (*VERSIONS, "containerscanning", "memorystore", "securitycenter", "sts")
ACCOUNTS = ("nodes", "database-admin", "velero", "sleep", "ci-plan", "ci-apply")


def build(site: Site) -> None:
    _services(site)
    _keys(site)
    _accounts(site)
    _logs(site)
    _network(site)
    _openings(site)
    _paths(site)
    if site.environment.network.hybrid:
        _link(site)


def _services(site: Site) -> None:
    wanted = [f"{name}.googleapis.com" for name in SERVICES]
    site.do("serviceusage", "services.batchEnable", parent=site.project, body={"serviceIds": wanted})


def keys(site: Site) -> list[tuple[Purpose, Place]]:
    home: list[tuple[Purpose, Place]] = [(purpose, "home") for purpose in PURPOSES]
    away: list[tuple[Purpose, Place]] = [(purpose, "recovery") for purpose in RECOVERY_PURPOSES if purpose != "lake"]
    return [*home, *away, ("lake", "both"), ("backups", "both")] if site.is_double else home


def _keys(site: Site) -> None:
    from terrace.gcp.names import AGENTS

    users: dict[Purpose, tuple[str, ...]] = {
        "database": ("sqladmin",), "cluster": ("container",), "disks": ("compute", "container"),
        "logs": ("logging", "storage"), "secrets": ("secretmanager",), "registry": ("artifactregistry",),
        "cache": ("memorystore",), "events": ("pubsub",), "backups": ("storage", "gkebackup", "backupdr"),
    }  # fmt: skip
    places: tuple[Place, ...] = ("home", "recovery", "both") if site.is_double else ("home",)
    for place in places:
        parent = f"{site.project}/locations/{names.key_location(site.target, place)}"
        site.do("cloudkms", "projects.locations.keyRings.create", parent=parent, keyRingId=site.prefix, body={})
    spec = site.environment.keys
    for purpose, place in keys(site):
        body = {
            "purpose": "ENCRYPT_DECRYPT",
            "rotationPeriod": f"{spec.rotation_days * DAY}s",
            "nextRotationTime": "2026-12-31T00:00:00Z",
            "destroyScheduledDuration": f"{spec.deletion_window_days * DAY}s",
            "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "HSM"},
            "labels": site.labels,
        }
        ring = names.key_ring(site.target, place)
        site.do(KEY[0], f"{KEY[1]}.create", parent=ring, cryptoKeyId=purpose, body=body)
        using = [user for user in users.get(purpose, ("storage",)) if user in AGENTS]
        grants = [("roles/cloudkms.cryptoKeyEncrypterDecrypter", names.agent(site.target, user)) for user in using]
        site.grant(KEY, {"resource": names.key(site.target, purpose, place)}, *grants)


def _accounts(site: Site) -> None:
    for purpose in (*ACCOUNTS, *(f"module-{module}" for module in site.modules)):
        body = {"accountId": names.role_name(site.target, purpose), "serviceAccount": {"displayName": purpose}}
        site.do("iam", "projects.serviceAccounts.create", name=site.project, body=body)
    role = {
        "roleId": names.custom_role(site.target, "velero"),
        "role": {"title": "Velero", "includedPermissions": ["compute.disks.createSnapshot", "compute.disks.get"]},
    }
    site.do("iam", "projects.roles.create", parent=site.project, body=role)
    granted: list[tuple[str, str]] = [
        ("roles/container.defaultNodeServiceAccount", names.member(site.target, "nodes")),
        (names.custom_role_id(site.target, "velero"), names.member(site.target, "velero")),
        ("roles/browser", names.member(site.target, "ci-plan")),
        ("roles/compute.viewer", names.member(site.target, "ci-plan")),
        ("roles/compute.admin", names.member(site.target, "ci-apply")),
    ]
    for module in site.modules:
        if site.environment.modules[module].database:
            granted.append(("roles/cloudsql.instanceUser", names.member(site.target, f"module-{module}")))
    granted.append(("roles/cloudsql.instanceUser", names.member(site.target, "database-admin")))
    site.grant(PROJECT, {"resource": site.project}, *granted)
    state = {
        "role": "roles/storage.objectUser",
        "members": [names.member(site.target, "ci-plan")],
        "condition": {"title": "only", "expression": names.in_state_bucket(site.target)},
    }
    site.policy(PROJECT, {"resource": site.project}, lambda bindings: [*bindings, state])


def trust(site: Site, purpose: str, *pods: str) -> None:
    """Let pods (namespace/account) act as the service account of a purpose."""
    account = f"{site.project}/serviceAccounts/{names.role_email(site.target, purpose)}"
    members = [names.pods(site.target, *pod.split("/")) for pod in pods]
    site.grant(ACCOUNT, {"resource": account}, *[("roles/iam.workloadIdentityUser", member) for member in members])


def _logs(site: Site) -> None:
    kept: dict[LogBucket, int] = {
        "platform": site.environment.observability.retention_days,
        "flow": site.environment.observability.retention_days,
        "trail": site.environment.audit.retention_days,
    }
    for name, days in kept.items():
        bucket = f"{site.prefix}-{name}"
        body = {
            "retentionDays": days,
            "locked": name == "trail" and site.target.tier == "prod",
            "cmekSettings": {"kmsKeyName": names.key(site.target, "logs")},
        }
        site.do("logging", "projects.locations.buckets.create", parent=site.place, bucketId=bucket, body=body)
        sink(site, bucket, f"logging.googleapis.com/{site.place}/buckets/{bucket}", FILTERS[name])


def sink(site: Site, name: str, destination: str, filter: str) -> None:
    body = {"name": name, "destination": destination, "filter": filter}
    site.do("logging", "projects.sinks.create", parent=site.project, body=body, uniqueWriterIdentity=True)


NETWORK = "global/networks"


def vpc(site: Site) -> str:
    """The network as others name it."""
    return f"{site.project}/{NETWORK}/{site.prefix}"


def subnet(site: Site, kind: str, region: str | None = None) -> str:
    return f"{site.project}/regions/{region or site.target.region}/subnetworks/{site.prefix}-{kind}"


def _network(site: Site) -> None:
    body: dict[str, Any] = {
        "name": site.prefix,
        "autoCreateSubnetworks": False,
        "routingConfig": {"routingMode": "GLOBAL"},
    }
    site.do("compute", "networks.insert", project=site.account, body=body)
    ranges = {"nodes": "10.42.0.0/19", "data": "10.42.32.0/21", "control": "10.42.48.0/28"}
    for kind, cidr in ranges.items():
        _subnet(site, kind, cidr, site.target.region)
    if site.is_double:
        _subnet(site, "data-recovery", "10.42.40.0/21", site.away)
    ways = {"nat": "0.0.0.0/0", "google-apis": "199.36.153.4/30"}
    for name, cidr in ways.items():
        gateway = f"{site.project}/global/gateways/default-internet-gateway"
        body = {"name": f"{site.prefix}-{name}", "network": vpc(site), "destRange": cidr, "nextHopGateway": gateway}
        site.do("compute", "routes.insert", project=site.account, body=body)
    where = {"project": site.account, "region": site.target.region}
    addresses = []
    single = site.environment.network.egress.nat == "single"
    for zone in site.target.zones[:1] if single else site.target.zones:
        name = f"{site.prefix}-nat-{zone[-1]}"
        site.do("compute", "addresses.insert", **where, body={"name": name, "labels": site.labels})
        addresses.append(f"{site.project}/regions/{site.target.region}/addresses/{name}")
    nat = {
        "name": site.prefix,
        "natIpAllocateOption": "MANUAL_ONLY",
        "natIps": addresses,
        "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
        "subnetworks": [{"name": subnet(site, "nodes"), "sourceIpRangesToNat": ["ALL_IP_RANGES"]}],
    }
    router = {"name": site.prefix, "network": vpc(site), "bgp": {"asn": 64514}, "nats": [nat]}
    site.do("compute", "routers.insert", **where, body=router)


def _subnet(site: Site, kind: str, cidr: str, region: str) -> None:
    body = {
        "name": f"{site.prefix}-{kind}",
        "network": vpc(site),
        "ipCidrRange": cidr,
        "privateIpGoogleAccess": True,
        "logConfig": {"enable": True, "aggregationInterval": "INTERVAL_1_MIN", "flowSampling": 1},
    }
    if kind == "nodes":
        body["secondaryIpRanges"] = [
            {"rangeName": "pods", "ipCidrRange": "10.42.128.0/17"},
            {"rangeName": "services", "ipCidrRange": "10.42.64.0/19"},
        ]
    site.do("compute", "subnetworks.insert", project=site.account, region=region, body=body)


def open_to(site: Site, name: str, direction: str, cidr: str, ports: list[str], **more: Any) -> None:
    """One opening of the nodes."""
    body = {
        "name": f"{site.prefix}-{name}",
        "network": vpc(site),
        "description": f"An opening for {name}",
        "direction": direction,
        "priority": 1000,
        "sourceRanges" if direction == "INGRESS" else "destinationRanges": [cidr],
        "allowed": [{"IPProtocol": "tcp", "ports": ports}],
        "targetServiceAccounts": [names.role_email(site.target, "nodes")],
        **more,
    }
    site.do("compute", "firewalls.insert", project=site.account, body=body)


def _openings(site: Site) -> None:
    for direction, place in (("INGRESS", "sourceRanges"), ("EGRESS", "destinationRanges")):
        body = {
            "name": f"{site.prefix}-refuse-{direction.lower()}",
            "network": vpc(site),
            "description": "Denied unless a rule allows it",
            "direction": direction,
            "priority": 65000,
            place: ["0.0.0.0/0"],
            "denied": [{"IPProtocol": "all"}],
        }
        site.do("compute", "firewalls.insert", project=site.account, body=body)
    open_to(site, "api-to-kubelets", "INGRESS", "10.42.48.0/28", ["10250"])
    open_to(site, "entry-to-ingress", "INGRESS", "35.191.0.0/16", ["8443"])
    open_to(site, "nodes-to-database-out", "EGRESS", "10.42.32.0/21", ["5432"])
    for name, place in site.environment.network.egress.destinations.items():
        open_to(site, f"nodes-to-{name}", "EGRESS", str(place.cidr), [str(place.port)])


def private_zone(site: Site, name: str, domain: str) -> None:
    body = {
        "name": f"{site.prefix}-{name}",
        "dnsName": f"{domain}.",
        "description": domain,
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [{"networkUrl": vpc(site)}]},
        "labels": site.labels,
    }
    site.do("dns", "managedZones.create", project=site.account, body=body)


def records(site: Site, zone: str, name: str, values: list[str]) -> None:
    change = {"additions": [{"name": name, "type": "A", "ttl": 300, "rrdatas": values}]}
    site.do("dns", "changes.create", project=site.account, managedZone=f"{site.prefix}-{zone}", body=change)


def _paths(site: Site) -> None:
    for domain in ("googleapis.com", "pkg.dev", "gcr.io"):
        zone = domain.replace(".", "-")
        private_zone(site, zone, domain)
        first = "restricted.googleapis.com" if domain == "googleapis.com" else domain
        records(site, zone, f"{first}.", RESTRICTED)
    for name, kind in {"database": "google-cloud-sql", "cache": "gcp-memorystore"}.items():
        body = {
            "network": vpc(site),
            "serviceClass": kind,
            "pscConfig": {"subnetworks": [subnet(site, "data")], "limit": "16"},
            "labels": site.labels,
        }
        site.do(
            "networkconnectivity",
            "projects.locations.serviceConnectionPolicies.create",
            parent=site.place,
            serviceConnectionPolicyId=f"{site.prefix}-{name}",
            body=body,
        )


def _link(site: Site) -> None:
    spec = site.environment.network.hybrid
    assert spec
    where = {"project": site.account, "region": site.target.region}
    site.do("compute", "vpnGateways.insert", **where, body={"name": site.prefix, "network": vpc(site)})
    peer = {
        "name": f"{site.prefix}-on-premises",
        "redundancyType": "SINGLE_IP_INTERNALLY_REDUNDANT",
        "interfaces": [{"id": 0, "ipAddress": str(spec.peer_address)}],
    }
    site.do("compute", "externalVpnGateways.insert", project=site.account, body=peer)
    here = f"{site.project}/regions/{site.target.region}"
    for number in (0, 1):
        tunnel = {
            "name": f"{site.prefix}-{number}",
            "vpnGateway": f"{here}/vpnGateways/{site.prefix}",
            "vpnGatewayInterface": number,
            "peerExternalGateway": f"{site.project}/global/externalVpnGateways/{site.prefix}-on-premises",
            "peerExternalGatewayInterface": 0,
            "router": f"{here}/routers/{site.prefix}",
            "ikeVersion": 2,
            "sharedSecret": "a-test",
        }
        site.do("compute", "vpnTunnels.insert", **where, body=tunnel)
    interfaces = [
        {
            "name": f"{site.prefix}-{number}",
            "linkedVpnTunnel": f"{here}/vpnTunnels/{site.prefix}-{number}",
            "ipRange": f"169.254.{number}.1/30",
        }
        for number in (0, 1)
    ]
    sessions = [
        {"name": f"{site.prefix}-{number}", "interfaceName": f"{site.prefix}-{number}", "peerAsn": spec.peer_asn}
        for number in (0, 1)
    ]
    site.do(
        "compute", "routers.patch", **where, router=site.prefix, body={"interfaces": interfaces, "bgpPeers": sessions}
    )
