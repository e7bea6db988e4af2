"""The PostgreSQL instances of Cloud SQL, as a server on this machine runs them; read replicas have none.

An instance has an administrator once the user `postgres` has a password, which is additional data of the user. Other
users are roles without a password: they log in with a token of Google, which cannot be checked here.
Source: Cloud SQL, "About PostgreSQL users and roles".
"""

from terrace.emulator.engines import Database
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.store import Store

_USER, _ROLES = "postgres", ("cloudsqlsuperuser", "cloudsqliamuser", "cloudsqliamserviceaccount")


def databases(store: Store) -> list[Database]:
    found = []
    for key, instance in store.resources():
        secret = store.get(f"{key}/users/{_USER}#password")
        is_primary = key.split("/")[-2] == "instances" and not instance.get("masterInstanceName")
        if secret and is_primary and str(instance.get("databaseVersion", "")).startswith("POSTGRES"):
            found.append(_database(store, key, instance, secret["password"]))
    return found


def _database(store: Store, key: str, instance: Json, password: str) -> Database:
    addresses = [str(each["ipAddress"]) for each in instance.get("ipAddresses", ())]
    users = sorted(str(user["name"]) for _, user in store.below(f"{key}/users"))
    flags = {str(each["name"]): str(each["value"]) for each in instance["settings"].get("databaseFlags", ())}
    return Database(
        id=key,
        host=str(instance.get("dnsName") or next(iter(addresses), instance["name"])).rstrip("."),
        user=_USER,
        password=password,
        databases=tuple(sorted(name.rpartition("/")[2] for name, _ in store.below(f"{key}/databases"))),
        parameters=tuple(sorted(flags.items())),
        roles=_ROLES,
        logins=tuple(name for name in users if name != _USER),
    )
