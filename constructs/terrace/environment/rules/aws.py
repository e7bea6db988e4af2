"""What AWS rejects although the provider plans it."""

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
RESERVED_ASNS = (7224, 9059, 10124, 17943, 64512)
"""ASNs of the AWS side of a VPN, the last one of Terrace's gateway. Source: AWS Site-to-Site VPN User Guide,
"Customer gateway options"."""

_ARM = re.compile(r"[a-z]+\d+g[a-z]*\.")
"""Graviton: a g after the generation. Source: EC2 Instance Types, "Naming conventions"."""


@only("aws")
def prefix_is_not_reserved(environment: Environment) -> Iterator[Problem]:
    start = f"{prefix(environment)}-"
    for reserved, resources in RESERVED_PREFIXES.items():
        if start.startswith(reserved):
            message = f"names would start with {start!r}; AWS does not allow {reserved!r} at the start for {resources}."
            yield Problem(message, path="project", hint="Use another project name.")


@only("aws")
def peer_asn_is_not_reserved(environment: Environment) -> Iterator[Problem]:
    hybrid = environment.network.hybrid
    if hybrid is not None and hybrid.peer_asn in RESERVED_ASNS:
        yield Problem(
            f"{hybrid.peer_asn} is an ASN of the AWS side of the VPN.",
            path="network.hybrid.peer_asn",
            hint="Use another private ASN, such as 65010.",
        )


@only("aws")
def node_types_are_x86(environment: Environment) -> Iterator[Problem]:
    """Pools use x86-64 images. Source: EKS User Guide, "Managed node groups", AMI type."""
    for pool, types in environment.aws.node_types.items() if environment.aws else ():
        for position, type in enumerate(types):
            if _ARM.match(type):
                message = f"{type!r} is an ARM instance type, but node pools use x86-64 images."
                yield Problem(message, path=f"aws.node_types.{pool}.{position}")
