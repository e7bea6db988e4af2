"""The PostgreSQL instances of RDS, as a server on this machine runs them; read replicas have none.

Source: RDS user guide, "Understanding PostgreSQL roles and permissions".
"""

import json
from typing import Any

from moto.rds.models import rds_backends

from terrace.emulator.engines import Database

_ROLES = ("rds_superuser", "rds_iam", "rds_password")


def databases() -> list[Database]:
    return [
        _database(instance, backend)
        for account in list(rds_backends.values())
        for backend in list(account.values())
        for instance in list(backend.databases.values())
        if instance.engine == "postgres" and not instance.is_replica
    ]


def _database(instance: Any, backend: Any) -> Database:
    group = backend.db_parameter_groups.get(instance.db_parameter_group_name or "")
    given = group.parameters if group else {}
    return Database(
        id=instance.db_instance_arn,
        host=instance.address,
        user=str(instance.master_username),
        password=_password(instance),
        databases=tuple(filter(None, [instance.db_name])),
        parameters=tuple(sorted((name, str(each.get("ParameterValue", ""))) for name, each in given.items())),
        roles=_ROLES,
    )


def _password(instance: Any) -> str:
    """The one in the secret that RDS manages, or the given one."""
    if not instance.manage_master_user_password:
        return str(instance._master_user_password)
    secret = instance.master_user_secret
    value = secret.secretsmanager.get_secret_value(secret.secret_arn, "", "")
    return str(json.loads(value["SecretString"])["password"])
