"""The structure and the inventory of the stack (GOV-3, GOV-4, SEC-1)."""

from tests.assurance.mutants import mutant, remove, structure

MUTANTS = [
    *structure.mutants(
        server=("google_sql_database_instance", "database/server"),
        record=("google_project_iam_audit_config", "audit/calls"),
        ignored=("google_storage_bucket", "lake/gold/bucket", "versioning"),
    ),
    mutant("GOV-3 ID-2", "resource that runs a script", structure.script),
    mutant("GOV-4 ID-2", "no ceiling", remove("google_iam_deny_policy", "governance/ceiling")),
    mutant(
        "AUD-6 OBS-2",
        "no trail stopped critical",
        remove("google_monitoring_alert_policy", "alarms/trail-stopped-critical"),
    ),
    mutant(
        "GOV-4 AUD-3",
        "no sql restrictAuthorizedNetworks",
        remove("google_org_policy_policy", "governance/sql-restrictAuthorizedNetworks"),
    ),
    mutant(
        "GOV-4", "no alarm on refused calls", remove("google_monitoring_alert_policy", "alarms/api-denials-warning")
    ),
    mutant("GOV-4", "no subscription to warnings", remove("google_pubsub_subscription", "observability/warning-inbox")),
]
