"""Changes to a stack's role bindings on Google Cloud that give a module more, or less, than it declares."""

from collections.abc import Callable
from typing import Any

from tests.conftest import SynthesizedStack

_SERVER = "projects/acme-data-dev/instances/dpf-dev"
_MEMBER = "serviceAccount:dpf-dev-module-superset@acme-data-dev.iam.gserviceaccount.com"


def _set(type: str, path: str, **keys: Any) -> Callable[[SynthesizedStack], None]:
    return lambda stack: stack.one(f"google_{type}_iam_member", f"workloads/module-superset-{path}").update(keys)


def _add(type: str, **keys: Any) -> Callable[[SynthesizedStack], None]:
    """One more binding of superset's account."""

    def change(stack: SynthesizedStack) -> None:
        path = {"metadata": {"path": "dev/workloads/module-superset-more"}}
        added = {"member": _MEMBER, "//": path, **keys}
        stack.document["resource"].setdefault(f"google_{type}_iam_member", {})["more"] = added

    return change


def _unlimited(path: str) -> Callable[[SynthesizedStack], None]:
    return lambda stack: stack.one("google_project_iam_member", f"workloads/module-superset-{path}").pop("condition")


def _limited(old: str, new: str) -> Callable[[SynthesizedStack], None]:
    """Another condition of its right to orders in gold."""

    def change(stack: SynthesizedStack) -> None:
        condition = stack.one("google_storage_bucket_iam_member", "workloads/module-superset-gold-orders")["condition"]
        assert old in condition["expression"]
        condition["expression"] = condition["expression"].replace(old, new)

    return change


def _project(role: str) -> Callable[[SynthesizedStack], None]:
    return _add("project", project="acme-data-dev", role=role)


def _only(expression: str) -> dict[str, str]:
    return {"title": "only", "expression": expression}


MUTANTS = {
    "the project instead of the bucket": (_project("roles/storage.objectViewer"), "silver-123456789012/objects/"),
    "writing what it reads": (
        _set("storage_bucket", "gold-orders", role="roles/storage.objectUser"),
        "objects.create on",
    ),
    "changing rights": (
        _set("storage_bucket", "gold-orders", role="roles/storage.admin"),
        "storage.objects.setIamPolicy on",  # the condition excludes the bucket itself
    ),
    "another bucket": (
        _set("storage_bucket", "gold-orders", bucket="dpf-dev-silver-123456789012"),
        "gold-123456789012",
    ),
    "the whole bucket": (
        lambda stack: stack.one("google_storage_bucket_iam_member", "workloads/module-superset-gold-orders").pop(
            "condition"
        ),
        "objects/other/table/part-0.parquet is allowed",
    ),
    "another product": (_limited("orders/", "other/"), "objects/other/table/part-0.parquet is allowed"),
    "a folder without its slash": (
        _limited('objects/orders/")', 'objects/orders")'),
        "objects/orders-eu/table/part-0.parquet is allowed",
    ),
    "lists of the whole bucket": (
        _limited('.startsWith("orders/")', '.startsWith("")'),
        "gold-123456789012, listing other is allowed",
    ),
    "lists of a folder without its slash": (
        _limited('.startsWith("orders/")', '.startsWith("orders")'),
        "listing orders-eu/ is allowed",
    ),
    "every secret": (_project("roles/secretmanager.secretAccessor"), "dpf-dev-airflow-app/versions/1 is allowed"),
    "changing its secret": (
        _add(
            "secret_manager_secret",
            role="roles/secretmanager.secretVersionManager",
            secret_id="projects/acme-data-dev/secrets/dpf-dev-superset-app",
        ),
        "secretmanager.versions.get on",  # the deny policy leaves no more
    ),
    "every database": (_unlimited("login"), "cloudsql.instances.login on projects/acme-data-dev/instances/other"),
    "databases by prefix": (
        _set(
            "project", "login", condition=_only('resource.name.startsWith("projects/acme-data-dev/instances/dpf-dev")')
        ),
        "cloudsql.instances.login on projects/acme-data-dev/instances/dpf-dev-other",
    ),
    "no database": (
        _set("project", "login", condition=_only('resource.type == "sqladmin.googleapis.com/Database"')),
        "cloudsql.instances.login on projects/acme-data-dev/instances/dpf-dev is denied",
    ),
    "every cache": (_unlimited("cache"), "memorystore.instances.connect on"),
    "tokens of other accounts": (_project("roles/iam.serviceAccountTokenCreator"), "dpf-dev-module-airflow@"),
    "everyone": (
        _set("storage_bucket", "gold-orders", member="allUsers", bucket="dpf-dev-bronze-123456789012"),
        "bronze",
    ),
    "another service account": (
        _set("service_account", "identity", member="serviceAccount:acme-data-dev.svc.id.goog[default/default]"),
        "acting as it by",
    ),
    "the database's administrator": (
        lambda stack: stack.one("google_sql_user", "workloads/module-superset-user").update(
            database_roles=["cloudsqlsuperuser"]
        ),
        "a role of the database's administrators is allowed",
    ),
}
"""Name to the change of dev's stack and a part of the finding that it must give superset."""

UNKNOWN = {
    "role": (_project("roles/editor"), "permissions of roles/editor"),
    "condition": (_set("project", "login", condition=_only('request.path == "/x"')), "request"),
    "kind of binding": (
        lambda stack: stack.document["resource"].update(google_project_iam_binding={}),
        "replaces bindings",
    ),
}
"""What the evaluation does not know, which it must refuse rather than leave out, and a part of the message."""
