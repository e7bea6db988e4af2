"""What AWS rejects although the provider plans it."""

import re
from collections.abc import Iterator

from terrace.environment import regions
from terrace.environment.naming import prefix
from terrace.environment.rules.cloud_rule import only, reserved, tag_keys
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

RESERVED_RANGES = {
    "169.254.0.0/16": "AWS uses for metadata, DNS and the inside of VPN tunnels",
    "172.17.0.0/16": "AWS services use inside",
}
"""Ranges that no network and no linked one may overlap. Sources: Amazon VPC User Guide, "VPC CIDR blocks";
AWS Site-to-Site VPN User Guide, "Tunnel options"."""

_ARM = re.compile(r"[a-z]+\d+g[a-z]*\.")
"""Graviton: a g after the generation. Source: EC2 Instance Types, "Naming conventions"."""

_PARTITIONS = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}
"""Beginnings of regions outside the partition `aws`, which has accounts of its own."""
_TAG_KEY = re.compile(r"(?!aws:).*")


@only("aws")
def prefix_is_not_reserved(environment: Environment) -> Iterator[Problem]:
    start = f"{prefix(environment)}-"
    for word, resources in RESERVED_PREFIXES.items():
        if start.startswith(word):
            message = f"names would start with {start!r}; AWS does not allow {word!r} at the start for {resources}."
            yield Problem(message, path="project", hint="Use another project name.")


@only("aws")
def partition_has_region(environment: Environment) -> Iterator[Problem]:
    """Source: AWS General Reference, "AWS Regions and Endpoints", partitions of regions."""
    region = regions.region_name("aws", environment.region)
    if region is None or environment.aws is None:
        return
    partition = next((own for start, own in _PARTITIONS.items() if region.startswith(start)), "aws")
    if environment.aws.partition != partition:
        message = f"{region} is in the partition {partition}, and aws.partition is {environment.aws.partition}."
        yield Problem(message, path="region", hint=f"Set aws.partition to {partition}, or use another region.")


@only("aws")
def topics_have_one_retention(environment: Environment) -> Iterator[Problem]:
    """The brokers of MSK have one value for all topics: provider 5.100 has no resource for topics. Source: AWS
    provider, `aws_msk_topic`, which later versions have."""
    if environment.streams is None:
        return
    hours = sorted({topic.retention_hours for topic in environment.all_topics.values()})
    if len(hours) > 1:
        message = f"topics are kept for {' and '.join(map(str, hours))} hours; with streams, AWS has one value for all."
        hint = "List every topic in topics with the same retention_hours; those that are not listed have 168."
        yield Problem(message, path="topics" if environment.topics else "streams", hint=hint)


@only("aws")
def tag_keys_are_allowed(environment: Environment) -> Iterator[Problem]:
    """Source: AWS Tagging User Guide, "Tag naming limits and requirements"."""
    yield from tag_keys(environment, _TAG_KEY, "AWS reserves keys that start with aws:")


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


@only("aws")
def ranges_are_not_reserved(environment: Environment) -> Iterator[Problem]:
    yield from reserved(environment, RESERVED_RANGES)
