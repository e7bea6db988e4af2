"""What a size means on each cloud: the one table, with vCPU and memory beside it so that "the same" can be judged.

Figures are the vendors' own (AWS instance type pages, Azure VM and Redis SKU pages, Google machine type pages).
"""

from typing import Literal, NamedTuple

from terrace.capabilities.cloud import CloudName
from terrace.capabilities.spec import Size

Cloud = CloudName
Kind = Literal["database", "cache", "node", "gpu"]


class Machine(NamedTuple):
    """An instance class, its vCPUs and its memory in GiB."""

    name: str
    vcpu: float
    memory_gb: float


SIZES: dict[Kind, dict[Size, dict[Cloud, Machine]]] = {
    "node": {
        "small": {
            "aws": Machine("m6i.large", 2, 8),
            "azure": Machine("Standard_D2ds_v5", 2, 8),
            "gcp": Machine("n2-standard-2", 2, 8),
        },
        "medium": {
            "aws": Machine("m6i.xlarge", 4, 16),
            "azure": Machine("Standard_D4ds_v5", 4, 16),
            "gcp": Machine("n2-standard-4", 4, 16),
        },
        "large": {
            "aws": Machine("m6i.2xlarge", 8, 32),
            "azure": Machine("Standard_D8ds_v5", 8, 32),
            "gcp": Machine("n2-standard-8", 8, 32),
        },
        "xlarge": {
            "aws": Machine("m6i.4xlarge", 16, 64),
            "azure": Machine("Standard_D16ds_v5", 16, 64),
            "gcp": Machine("n2-standard-16", 16, 64),
        },
    },
    "gpu": {
        "small": {
            "aws": Machine("g4dn.xlarge", 4, 16),
            "azure": Machine("Standard_NC4as_T4_v3", 4, 28),
            "gcp": Machine("n1-standard-4", 4, 15),
        },
        "medium": {
            "aws": Machine("g4dn.2xlarge", 8, 32),
            "azure": Machine("Standard_NC8as_T4_v3", 8, 56),
            "gcp": Machine("n1-standard-8", 8, 30),
        },
        "large": {
            "aws": Machine("g4dn.4xlarge", 16, 64),
            "azure": Machine("Standard_NC16as_T4_v3", 16, 110),
            "gcp": Machine("n1-highmem-16", 16, 104),
        },
        "xlarge": {
            "aws": Machine("g4dn.12xlarge", 48, 192),
            "azure": Machine("Standard_NC64as_T4_v3", 64, 440),
            "gcp": Machine("n1-highmem-64", 64, 416),
        },
    },
    "database": {
        "small": {
            "aws": Machine("db.t4g.medium", 2, 4),
            "azure": Machine("B_Standard_B2s", 2, 4),
            "gcp": Machine("db-custom-2-4096", 2, 4),
        },
        "medium": {
            "aws": Machine("db.r6g.large", 2, 16),
            "azure": Machine("MO_Standard_E2ds_v5", 2, 16),
            "gcp": Machine("db-perf-optimized-N-2", 2, 16),
        },
        "large": {
            "aws": Machine("db.r6g.xlarge", 4, 32),
            "azure": Machine("MO_Standard_E4ds_v5", 4, 32),
            "gcp": Machine("db-perf-optimized-N-4", 4, 32),
        },
        "xlarge": {
            "aws": Machine("db.r6g.2xlarge", 8, 64),
            "azure": Machine("MO_Standard_E8ds_v5", 8, 64),
            "gcp": Machine("db-perf-optimized-N-8", 8, 64),
        },
    },
    "cache": {
        "small": {
            "aws": Machine("cache.t4g.small", 2, 1.37),
            "azure": Machine("Balanced_B1", 2, 1),
            "gcp": Machine("SHARED_CORE_NANO", 2, 1.4),
        },
        "medium": {
            "aws": Machine("cache.m6g.large", 2, 6.38),
            "azure": Machine("Balanced_B5", 2, 6),
            "gcp": Machine("STANDARD_SMALL", 2, 6.5),
        },
        "large": {
            "aws": Machine("cache.r6g.large", 2, 13.07),
            "azure": Machine("MemoryOptimized_M10", 2, 12),
            "gcp": Machine("HIGHMEM_MEDIUM", 2, 13),
        },
        "xlarge": {
            "aws": Machine("cache.r6g.2xlarge", 8, 52.82),
            "azure": Machine("MemoryOptimized_M50", 8, 60),
            "gcp": Machine("HIGHMEM_XLARGE", 8, 58),
        },
    },
}


def machine(cloud: Cloud, kind: Kind, size: Size) -> Machine:
    """The machine that a size stands for."""
    return SIZES[kind][size][cloud]
