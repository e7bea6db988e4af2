"""The structure and the inventory of the stack (GOV-3, GOV-4, SEC-1)."""

from tests.assurance.mutants import mutant, remove, structure

MUTANTS = [
    *structure.mutants(
        server=("aws_db_instance", "database/server"),
        record=("aws_cloudtrail", "audit/trail"),
        ignored=("aws_s3_bucket_versioning", "lake/gold/versioning", "versioning_configuration"),
    ),
    mutant("GOV-3", "resource that runs a script", structure.script),
    mutant("GOV-4", "no outside access", remove("aws_accessanalyzer_analyzer", "audit/outside-access")),
    mutant(
        "GOV-4 LAKE-1",
        "no account public access",
        remove("aws_s3_account_public_access_block", "lake/account-public-access"),
    ),
    mutant("AUD-6", "no root used critical", remove("aws_cloudwatch_metric_alarm", "alarms/root-used-critical")),
]
