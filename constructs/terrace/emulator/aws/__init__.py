"""AWS on a laptop: moto's server, with what it lacks for a data platform's foundation filled in, behind the proxy.

`patches.py` lists every gap that is filled, one file a service. Nothing heavy is imported here.
"""

from typing import TYPE_CHECKING

from terrace.emulator.contract import NotEmulated

if TYPE_CHECKING:
    from terrace.emulator.lifecycle import Emulator

HOST_SUFFIXES = ("amazonaws.com", "api.aws")
DEFAULT_REGION = "eu-central-1"
DEFAULT_ACCOUNT = {"account_id": "111122223333"}
FIRST_LOOK = "aws s3 ls"
KEEPS_STATE = False  # moto's backends are live objects, which nothing writes down
FAULTS = frozenset({"throttle_every"})

# No resource of the foundation is left out: the stack under test is the one that goes to AWS, byte for byte. A resource
# that had to be left out would stand here as well.
NOT_EMULATED = (
    NotEmulated("acceptance by AWS", "the emulator judges almost no value: an unknown instance class passes"),
    NotEmulated("policies", "IAM, bucket, key and endpoint policies are stored and never evaluated"),
    NotEmulated("data planes", "no PostgreSQL, Valkey, Kubernetes API or VPN tunnel listens behind the end points"),
    NotEmulated("quotas, service limits and prices", "none are applied"),
    NotEmulated("time", "what takes AWS minutes is there at once; backups, rotations and schedules never run"),
    NotEmulated("locks", "vault lock and object lock are stored; what they forbid is allowed"),
    NotEmulated("replication", "rules of buckets, secrets and backups are stored; nothing is copied"),
    NotEmulated("detection", "GuardDuty, Config, Security Hub, Access Analyzer and alarms never find anything"),
)


def environment(emulator: "Emulator") -> dict[str, str]:
    """What leads Terraform, the AWS CLI and boto3 to the emulator.

    Profiles are looked for in empty files and the metadata address of a machine is off, so the dummy key below is the
    only credential there is to find. Names: AWS SDKs and Tools Reference Guide, "Environment variables".
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
        "TERRACE_PARALLELISM": "40",  # most of a run is the provider's own waiting, which overlaps
    }


def is_foreign(name: str) -> bool:
    """Every AWS_ variable of the shell: a profile, a role, a web identity, an end point, a container's credentials."""
    return name.upper().startswith("AWS_")
