"""Whether a plan changes versions and editions as the clouds allow: Kubernetes one minor version at a time, nothing
backwards.

A later major version of PostgreSQL is an upgrade in place on Azure and Google Cloud. On AWS an apply does not make it:
the stack leaves the version to AWS (DB-10), and a parameter group of another version is refused. On Google Cloud the
provider sends a server's new edition before its other settings, which Cloud SQL then compares with the new edition; a
new version it sends first, and then the other settings as it reads them back, without their changes.

Sources: Kubernetes documentation, "Version Skew Policy"; Amazon EKS User Guide, "Update existing cluster to new
Kubernetes version"; Azure Kubernetes Service, "Upgrade an AKS cluster"; Google Kubernetes Engine, "Upgrading clusters";
google provider 7.45, resource_sql_database_instance.go; Cloud SQL, "Point-in-time recovery": logs of 35 days with
Enterprise Plus, of 7 days with Enterprise.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance import versions
from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import Facts
from terrace.deployment.values import changed_paths
from terrace.errors import AnswerIsNo

_MINOR, _MAJOR, _FAMILY = re.compile(r"1\.\d+"), re.compile(r"\d+"), re.compile(r"-pg(\d+)$")
_CLOUD_SQL = "google_sql_database_instance"
_ENTERPRISE_LOG_DAYS = 7


def blockers(plan: Mapping[str, Any], known: Facts) -> Iterator[Blocker]:
    """The changes of versions in place that the cloud would refuse, in a plan in Terraform's JSON format."""
    for record in plan.get("resource_changes", []):
        change = record["change"]
        before, after = change.get("before"), change.get("after")
        replaced = record["type"] in known.postgresql_versions and sorted(change["actions"]) == ["create", "delete"]
        if not (change["actions"] == ["update"] or replaced) or not before or not after:
            continue
        try:
            _require_allowed(record["type"], before, after, known)
            if record["type"] == _CLOUD_SQL:
                _require_version_alone(change)
        except AnswerIsNo as refused:
            yield Blocker(record["address"], refused.message, refused.hint)


def _require_allowed(type: str, before: Mapping[str, Any], after: Mapping[str, Any], known: Facts) -> None:
    """Raise AnswerIsNo for a step that the cloud refuses."""
    if type in known.kubernetes_versions:
        deployed, wanted = known.kubernetes_versions[type]
        old = _MINOR.match(str(before.get(deployed) or before.get(wanted)))
        new = _MINOR.match(str(after.get(wanted)))
        if old and new and old[0] != new[0]:
            versions.kubernetes_steps(old[0], {}, new[0])
            versions.require_next(old[0], new[0])
    elif attribute := known.postgresql_versions.get(type):
        old, new = (_MAJOR.search(str(values.get(attribute))) for values in (before, after))
        if old and new and int(new[0]) < int(old[0]):
            raise _downgrade(new[0], old[0])
        if type == "aws_db_instance":
            _require_own_family(before, after)
        elif type == _CLOUD_SQL:
            _require_kept_logs(before, after)


def _require_own_family(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise AnswerIsNo where an RDS server would get the parameter group of another major version than its own."""
    deployed, group = _MAJOR.match(str(before.get("engine_version"))), after.get("parameter_group_name")
    wanted = _FAMILY.search(str(group))
    if not deployed or not wanted or wanted[1] == deployed[0]:
        return
    if int(wanted[1]) < int(deployed[0]):
        raise _downgrade(wanted[1], deployed[0])
    raise AnswerIsNo(
        f"PostgreSQL {deployed[0]} to {wanted[1]} is not made by an apply on AWS",
        where="database.version",
        hint=f"upgrade the server first: `{_upgrade(str(before.get('identifier')), wanted[1])}`; "
        "then plan again, which gives it the parameters of the stack",
    )


def _require_kept_logs(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise AnswerIsNo where a Cloud SQL server would get an edition that does not keep its logs as long as now."""
    old, new = ((values.get("settings") or [{}])[0] for values in (before, after))
    days = int(((old.get("backup_configuration") or [{}])[0]).get("transaction_log_retention_days") or 0)
    if (old.get("edition"), new.get("edition")) == ("ENTERPRISE_PLUS", "ENTERPRISE") and days > _ENTERPRISE_LOG_DAYS:
        raise AnswerIsNo(
            f"keeps logs of {days} days, but Cloud SQL Enterprise at most of {_ENTERPRISE_LOG_DAYS}",
            where="database.recovery_days",
            hint=f"set database.recovery_days to {_ENTERPRISE_LOG_DAYS} or less and apply; then change the size",
        )


def _require_version_alone(change: Mapping[str, Any]) -> None:
    """Raise AnswerIsNo where the provider would lose other changes of a Cloud SQL server, as its version changes."""
    known = {"before": change["before"], "after": change["after"]}
    unknown = changed_paths({"after_unknown": change.get("after_unknown")})
    paths = [path for path in changed_paths(known) if path not in unknown]
    if ("database_version",) in paths and (others := [path for path in paths if path[0] == "settings"]):
        names = ", ".join(sorted({str(next(step for step in path[::-1] if isinstance(step, str))) for path in others}))
        raise AnswerIsNo(
            f"the version changes together with other settings ({names}), which the provider would not change",
            where="database.version",
            hint="change database.version in an apply of its own",
        )


def _upgrade(server: str, version: str) -> str:
    return (
        f"aws rds modify-db-instance --db-instance-identifier {server} --engine-version {version} "
        f"--allow-major-version-upgrade --db-parameter-group-name default.postgres{version} --apply-immediately"
    )


def _downgrade(wanted: str, deployed: str) -> AnswerIsNo:
    return AnswerIsNo(
        f"PostgreSQL {wanted} is older than the deployed {deployed}",
        hint="a server cannot be downgraded; restore a backup into a new one",
    )
