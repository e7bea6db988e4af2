"""The flexible servers of PostgreSQL, as a server on this machine runs them; read replicas have none.

Source: Azure Database for PostgreSQL, "Users in Azure Database for PostgreSQL", "Manage Microsoft Entra roles".
"""

from terrace.emulator.azure.dbforpostgresql import SERVER
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.store import Item, Store
from terrace.emulator.engines import Database

_ROLES = ("azure_pg_admin",)
_PRINCIPAL = (
    "CREATE FUNCTION pgaadauth_create_principal(name text, is_admin boolean, is_mfa boolean) RETURNS text "
    "LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE format('CREATE ROLE %I LOGIN', name); "
    "EXECUTE format('GRANT %I TO %I WITH ADMIN OPTION', name, session_user); RETURN name; END $$"
)
"""Makes the role of an identity, which logs in with Entra's token; none can be checked here."""


def databases(store: Store) -> list[Database]:
    with store.lock:
        return [_database(store, item) for item in store.of_type(SERVER) if _is_primary(item)]


def _is_primary(item: Item) -> bool:
    properties = item.body.get("properties", {})
    return bool(properties.get("administratorLogin") and properties.get("administratorLoginPassword"))


def _database(store: Store, item: Item) -> Database:
    properties, name = item.body["properties"], parse(item.id).name
    settings = {
        parse(each.id).name: str(each.body.get("properties", {}).get("value", ""))
        for each in store.children(item.id, "configurations")
        if each.body.get("properties", {}).get("source") != "system-default"
    }
    return Database(
        id=item.id,
        host=f"{name}.postgres.database.azure.com",
        user=str(properties["administratorLogin"]),
        password=str(properties["administratorLoginPassword"]),
        databases=tuple(parse(each.id).name for each in store.children(item.id, "databases")),
        parameters=tuple(sorted(settings.items())),
        roles=_ROLES,
        functions=(_PRINCIPAL,),
    )
