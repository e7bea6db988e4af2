"""Cloud SQL: computed fields of an instance, its users, and its first database."""

from terrace.emulator.gcp import operations
from terrace.emulator.gcp.call import Call, escaped, last, missing
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now, number
from terrace.emulator.gcp.quirks import check_write, completes, required, responds
from terrace.emulator.gcp.verbs import delete


@completes("sqladmin", "instances")
def _instance(call: Call, instance: Json, key: str) -> None:
    project, name, region = call.project, instance["name"], instance["region"]
    settings = instance.setdefault("settings", {})
    before = (call.store.get(key) or {}).get("settings", {})
    settings["settingsVersion"] = str(int(before.get("settingsVersion", 0)) + 1)
    for field, value in _SETTINGS.items():
        settings.setdefault(field, value)
    network = settings.get("ipConfiguration", {})
    if network.get("serverCaMode", "GOOGLE_MANAGED_INTERNAL_CA") != "GOOGLE_MANAGED_INTERNAL_CA":
        network.setdefault("serverCaPool", "")
    primary = str(instance.get("masterInstanceName", "")).split(":")[-1]
    instance |= {
        "state": "RUNNABLE",
        "backendType": "SECOND_GEN",
        "project": project,
        "connectionName": f"{project}:{region}:{name}",
        "instanceType": "READ_REPLICA_INSTANCE" if primary else "CLOUD_SQL_INSTANCE",
        "databaseInstalledVersion": f"{instance['databaseVersion']}_9",
        "gceZone": settings.get("locationPreference", {}).get("zone", f"{region}-b"),
        "serviceAccountEmailAddress": f"p{call.cloud.number}-{number(key, digits=6)}@{_AGENTS}",
        "ipAddresses": _addresses(network),
        "serverCaCert": _certificate(instance),
    }
    instance.setdefault("maintenanceVersion", f"{instance['databaseVersion']}.R20260101.00_00")
    if network.get("pscConfig", {}).get("pscEnabled"):
        attachment = f"projects/emulated/regions/{region}/serviceAttachments/a-{number(key, digits=12)}"
        instance["pscServiceAttachmentLink"] = attachment
        instance["dnsName"] = f"{number(key, digits=12)}.{region}.sql.goog."
        for index, connection in enumerate(network["pscConfig"].get("pscAutoConnections", ())):
            connection.setdefault("ipAddress", f"10.44.1.{index + 2}")
            connection["status"] = "ACTIVE"
    if primary:
        instance["masterInstanceName"] = primary
        _replicas(call, f"{key.rpartition('/')[0]}/{primary}", add=name)
    if f"{key}/databases/postgres" not in call.store:
        first = {"kind": "sql#database", "name": "postgres", "charset": "UTF8", "collation": "en_US.UTF8"}
        call.store.put(f"{key}/databases/postgres", first | {"instance": name, "project": project})


_AGENTS = "gcp-sa-cloud-sql.iam.gserviceaccount.com"
_SETTINGS = {
    "kind": "sql#settings",
    "replicationType": "SYNCHRONOUS",
    "storageAutoResizeLimit": "0",
    "pricingPlan": "PER_USE",
    "activationPolicy": "ALWAYS",
    "connectorEnforcement": "NOT_REQUIRED",
}


def _addresses(network: Json) -> list[Json]:
    private = [{"type": "PRIVATE", "ipAddress": "10.44.0.3"}] if network.get("privateNetwork") else []
    return private + ([{"type": "PRIMARY", "ipAddress": "203.0.113.3"}] if network.get("ipv4Enabled") else [])


def _certificate(instance: Json) -> Json:
    text = "-----BEGIN CERTIFICATE-----\nemulated\n-----END CERTIFICATE-----"
    certificate = {"cert": text, "commonName": "emulated", "createTime": now(), "expirationTime": now(315_360_000)}
    current: Json = instance.get("serverCaCert") or {**certificate, "sha1Fingerprint": "0" * 40}
    return current


def _replicas(call: Call, primary: str, *, add: str = "", drop: str = "") -> None:
    parent = call.store.get(primary)
    if parent is not None:
        names = {*parent.get("replicaNames", ()), add} - {drop, ""}
        call.store.put(primary, parent | {"replicaNames": sorted(names)})


@responds("sqladmin", "instances.delete")
def _delete(call: Call) -> Json:
    instance = required(call, call.key)
    response = delete(call)
    if primary := instance.get("masterInstanceName"):
        _replicas(call, f"{call.key.rpartition('/')[0]}/{primary}", drop=instance["name"])
    return response


@responds("sqladmin", "users.insert", "users.update", "users.delete")
def _user(call: Call) -> Json:
    """Users are named by the query, and their passwords are never returned."""
    instance = required(call, call.key.rpartition("/")[0])
    name = call.query.get("name") or call.sent.get("name", "")
    key = f"{call.key}/{escaped(name)}"
    if call.method.verb == "delete":
        if key not in call.store:
            raise missing(name)
        call.store.remove(key)
        return operations.respond(call, None)
    sent = {field: value for field, value in call.sent.items() if field != "password"}
    known = {"kind": "sql#user", "project": call.project, "instance": last(instance["name"]), "host": ""}
    user = {**known, **(call.store.get(key) or {}), **sent, "name": name}
    check_write(call, user, "users")
    call.store.put(key, user)
    if password := call.sent.get("password"):  # for a server on this machine
        call.store.put(f"{key}#password", {"password": password})
    return operations.respond(call, None)


@completes("sqladmin", "databases")
def _database(call: Call, database: Json, key: str) -> None:
    database |= {"project": call.project, "instance": key.split("/")[4], "kind": "sql#database"}
    database.setdefault("charset", "UTF8")
    database.setdefault("collation", "en_US.UTF8")
