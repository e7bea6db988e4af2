"""What AWS refuses though the provider plans it."""

import re
from collections.abc import Iterator

from terrace.environment.naming import prefix
from terrace.environment.rules.cloud_rule import only
from terrace.environment.schema import Environment
from terrace.errors import Problem

RESERVED_PREFIXES = {
    "aws": "resource groups",  # Resource Groups API Reference, CreateGroup, Name
    "sg-": "security groups",  # EC2 API Reference, CreateSecurityGroup, GroupName
    "sthree-": "buckets",  # S3 User Guide, "General purpose bucket naming rules"
    "amzn-s3-demo-": "buckets",
    "xn--": "buckets",
}
TAKEN_ASNS = (7224, 9059, 10124, 17943, 64512)
"""Amazon's own on the other side of a VPN, the last as this kit's gateway has it. Source: AWS Site-to-Site VPN User
Guide, "Customer gateway options"."""

_ARM = re.compile(r"[a-z]+\d+g[a-z]*\.")
"""Graviton: a g behind the generation. Source: EC2 Instance Types, "Naming conventions"."""


@only("aws")
def names_begin_with_nothing_of_aws(environment: Environment) -> Iterator[Problem]:
    start = f"{prefix(environment)}-"
    for word, things in RESERVED_PREFIXES.items():
        if start.startswith(word):
            yield Problem(f"{start}... begins with {word!r}, which AWS keeps from {things}.", path="project")


@only("aws")
def the_office_has_a_number_of_its_own(environment: Environment) -> Iterator[Problem]:
    hybrid = environment.network.hybrid
    if hybrid is not None and hybrid.peer_asn in TAKEN_ASNS:
        yield Problem(f"{hybrid.peer_asn} is Amazon's own side's.", path="network.hybrid.peer_asn", hint=_another())


@only("aws")
def exact_machines_run_the_pools_image(environment: Environment) -> Iterator[Problem]:
    """Pools have images for x86-64. Source: EKS User Guide, "Managed node groups", AMI type."""
    for pool, types in environment.aws.node_types.items() if environment.aws else ():
        for position, type in enumerate(types):
            if _ARM.match(type):
                yield Problem(
                    f"{type!r} is an ARM machine, and pools run images for x86-64.",
                    path=f"aws.node_types.{pool}.{position}",
                )


def _another() -> str:
    return "Take another private one, as 65010."
