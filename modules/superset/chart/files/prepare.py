"""Brings Superset's tables up to date, and makes databases, datasets and roles from settings.json.

Pods that start at once do it one after the other.
"""

import subprocess

from superset_config import SETTINGS

PREFIX = "data: "
"""What the names of roles for groups begin with; others are Superset's own or made by hand."""


def main():
    from sqlalchemy import create_engine, text

    with create_engine("postgresql+psycopg2://").connect() as connection:
        connection.execute(text("select pg_advisory_lock(8088)"))
        subprocess.run(["superset", "db", "upgrade"], check=True)
        subprocess.run(["superset", "init"], check=True)
        from superset.app import create_app

        with create_app().app_context():
            write()


def write():
    from superset import db, security_manager

    databases = {name: _database(db, name, uri) for name, uri in SETTINGS["databases"].items()}
    db.session.commit()
    tables = {}
    for one in SETTINGS["datasets"]:
        if one["database"] in databases:
            tables[one["database"], one["schema"], one["table"]] = _dataset(db, databases[one["database"]], one)
    db.session.commit()
    names = {f"{PREFIX}{group}" for group in SETTINGS["groups"]}
    for group, seen in SETTINGS["groups"].items():
        role = security_manager.add_role(f"{PREFIX}{group}")
        found = [_permission(security_manager, databases, tables, one) for one in seen]
        role.permissions = [one for one in found if one]
    for role in security_manager.get_all_roles():
        if role.name.startswith(PREFIX) and role.name not in names:
            role.permissions = []
    db.session.commit()


def _database(db, name, uri):
    from superset.models.core import Database

    found = db.session.query(Database).filter_by(database_name=name).one_or_none() or Database(database_name=name)
    found.set_sqlalchemy_uri(uri)
    found.expose_in_sqllab, found.allow_dml, found.allow_ctas, found.allow_cvas = True, False, False, False
    db.session.add(found)
    return found


def _dataset(db, database, one):
    from superset.connectors.sqla.models import SqlaTable, TableColumn

    where = {"database_id": database.id, "schema": one["schema"], "table_name": one["table"]}
    found = db.session.query(SqlaTable).filter_by(**where).one_or_none() or SqlaTable(**where)
    found.database = database
    known = {column.column_name: column for column in found.columns}
    found.columns = [known.get(name) or TableColumn(column_name=name) for name in one["columns"]]
    db.session.add(found)
    return found


def _permission(security_manager, databases, tables, one):
    database = databases.get(one["database"])
    if database is None:
        return None
    if one["table"] is None:
        catalog = database.get_default_catalog()
        view = security_manager.get_schema_perm(database.database_name, catalog, one["schema"])
        return security_manager.add_permission_view_menu("schema_access", view)
    table = tables.get((one["database"], one["schema"], one["table"]))
    return security_manager.add_permission_view_menu("datasource_access", table.get_perm()) if table else None


if __name__ == "__main__":
    main()
