"""The emulated AWS: moto's server with patches for what a data platform's foundation needs, behind the proxy.

`patches.py` lists the patches, which are in one file for each service. This module has no slow imports.
"""

from typing import TYPE_CHECKING

from terrace.emulator.contract import NotEmulated

if TYPE_CHECKING:
    from terrace.emulator.lifecycle import Emulator

HOST_SUFFIXES = ("amazonaws.com", "api.aws")
DEFAULT_REGION = "eu-central-1"
DEFAULT_ACCOUNT = {"account_id": "111122223333"}
EXAMPLE_COMMAND = "aws s3 ls"
SAVES_STATE = False  # moto's backends are objects in memory that cannot be saved
FAULTS = frozenset({"throttle_every"})

# No resource of the foundation is omitted: the stack under test is the one that is applied to AWS, byte for byte. An
# omitted resource would be listed here too.
NOT_EMULATED = (
    NotEmulated("acceptance by AWS", "almost no value is checked: an unknown instance class is accepted"),
    NotEmulated("policies", "evaluated with --rights; without it stored, except a role's trust policy at sign-in"),
    NotEmulated(
        "data planes",
        "the endpoints have no Valkey, Kafka, Kubernetes API or VPN tunnel behind them, "
        "and PostgreSQL with --engines only",
    ),
    NotEmulated("quotas, service limits and prices", "none are applied"),
    NotEmulated("time", "what takes AWS minutes is done at once; backups, rotations and schedules never run"),
    NotEmulated("locks", "vault lock and object lock are stored and not enforced"),
    NotEmulated("replication", "rules of buckets, secrets and backups are stored; nothing is copied"),
    NotEmulated(
        "detection",
        "GuardDuty, Config, Security Hub, Access Analyzer, Inspector, alarms and CloudTrail's event history "
        "report nothing",
    ),
)


def environment(emulator: "Emulator") -> dict[str, str]:
    """The variables that point Terraform, the AWS CLI and boto3 at the emulator.

    The profile files are empty and the instance metadata service is disabled, so the dummy key below is the only
    credential. Names: AWS SDKs and Tools Reference Guide, "Environment variables".
    """
    empty = {name: emulator.directory / name for name in ("config", "credentials")}
    for file in empty.values():
        file.touch()
    return {
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_SESSION_TOKEN": "emulated",
        "AWS_REGION": emulator.region,
        "AWS_DEFAULT_REGION": emulator.region,
        "AWS_CA_BUNDLE": str(emulator.ca),
        "AWS_CONFIG_FILE": str(empty["config"]),
        "AWS_SHARED_CREDENTIALS_FILE": str(empty["credentials"]),
        "AWS_EC2_METADATA_DISABLED": "true",
        "TERRACE_PARALLELISM": "40",  # the provider spends most of a run waiting, and waits overlap
    }


def is_foreign(name: str) -> bool:
    """Every AWS_ variable of the shell: a profile, a role, a web identity, an endpoint, a container's credentials."""
    return name.upper().startswith("AWS_")
