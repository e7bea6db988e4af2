"""What AWS knows of existing resources: the forms of ids, and what an environment names.

A subnet is in one zone, and load balancers, EKS, RDS and ElastiCache need two. The role of the nodes may pull images of
the whole account.
"""

from terrace.capabilities.existing_facts import ExistingFacts, Form, Kind, Subnets

EXISTING = ExistingFacts(
    key=Kind(
        Form(
            r"arn:aws(-cn|-us-gov)?:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[a-z0-9-]+",
            "arn:aws:kms:eu-central-1:111122223333:key/0c1d2e3f-0000-4000-8000-000000000001",
        ),
        "aws_kms_key",
        "keys/{name}",
    ),
    network=Kind(Form(r"vpc-[0-9a-f]{8,17}", "vpc-0c1d2e3f"), "aws_vpc", "network/vpc"),
    subnet=Kind(Form(r"subnet-[0-9a-f]{8,17}", "subnet-0c1d2e3f"), "aws_subnet", ""),
    cluster=Kind(
        Form(
            r"arn:aws(-cn|-us-gov)?:eks:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):cluster/[A-Za-z0-9][\w-]*",
            "arn:aws:eks:eu-central-1:111122223333:cluster/data",
        ),
        "aws_eks_cluster",
        "cluster/control-plane",
    ),
    registry=Kind(
        Form(
            r"arn:aws(-cn|-us-gov)?:ecr:(?P<region>[a-z0-9-]+):\d{12}:repository/[a-z0-9]+([._/-][a-z0-9]+)*",
            "arn:aws:ecr:eu-central-1:111122223333:repository/PREFIX, for repositories PREFIX/MODULE",
        ),
        "aws_ecr_repository",
        "registry/registry",
    ),
    dns_zone=Kind(Form(r"Z[A-Z0-9]{5,31}", "Z0123456789ABCDEFGHIJ"), "aws_route53_zone", "entry/zone"),
    subnets={
        "entry": Subnets(2, "network/public-{number}"),
        "nodes": Subnets(1, "network/nodes-{number}"),
        "control": Subnets(2, "network/control-{number}"),
        "data": Subnets(2, "network/data-{number}"),
    },
    subnet_per_zone=True,
    group=Kind(Form(r"sg-[0-9a-f]{8,17}", "sg-0c1d2e3f"), "aws_security_group", "network/openings/{name}-group"),
    groups=("control", "nodes", "entry"),
    recovery=True,
    no_monitoring="services write their logs to log groups of their own account",
    certificate_authority="EKS has for each cluster",
    find_authority="`aws eks describe-cluster` shows it",
)
