"""The structure and the inventory of the stack (GOV-3, GOV-4, SEC-1)."""

from tests.assurance.mutants import mutant, remove, structure

MUTANTS = [
    *structure.mutants(
        server=("azurerm_postgresql_flexible_server", "database/server"),
        record=("azurerm_network_watcher_flow_log", "network/flow-log"),
        ignored=("azurerm_storage_account", "lake/gold/account", "min_tls_version"),
    ),
    mutant("GOV-3", "resource that runs a script", structure.script),
    mutant("GOV-4", "no keep", remove("azurerm_management_lock", "lake/gold/keep"), only="prod"),
    mutant(
        "GOV-4", "no trail stopped", remove("azurerm_monitor_scheduled_query_rules_alert_v2", "alarms/trail-stopped")
    ),
    mutant(
        "GOV-4 LAKE-4",
        "no lifecycle",
        remove("azurerm_storage_management_policy", "lake/gold-recovery/lifecycle"),
        only="prod",
    ),
]
