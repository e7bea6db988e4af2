"""AWS: the constructs of each capability, as `terrace.capabilities.platform.Platform` requires."""

from terrace.aws.alarms import Alarms
from terrace.aws.audit import Audit
from terrace.aws.backup import Backup
from terrace.aws.bucket import ExtraBucket
from terrace.aws.cache import Cache
from terrace.aws.ceiling import Ceiling
from terrace.aws.cluster import Cluster
from terrace.aws.cost import Cost
from terrace.aws.database import Database
from terrace.aws.entry import Entry
from terrace.aws.governance import Governance
from terrace.aws.hybrid import Hybrid
from terrace.aws.identity import WorkloadIdentities
from terrace.aws.keys import Keys
from terrace.aws.lake import Lake
from terrace.aws.network import Network
from terrace.aws.observability import Observability
from terrace.aws.people import People
from terrace.aws.pipelines import Pipelines
from terrace.aws.providers import configure
from terrace.aws.registry import Registry
from terrace.aws.secrets import Secrets
from terrace.aws.streams import Streams

__all__ = [
    "Alarms",
    "Audit",
    "Backup",
    "Cache",
    "Ceiling",
    "Cluster",
    "Cost",
    "Database",
    "Entry",
    "ExtraBucket",
    "Governance",
    "Hybrid",
    "Keys",
    "Lake",
    "Network",
    "Observability",
    "People",
    "Pipelines",
    "Registry",
    "Secrets",
    "Streams",
    "WorkloadIdentities",
    "configure",
]
