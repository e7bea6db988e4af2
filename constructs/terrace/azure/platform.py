"""Azure: the constructs of each capability, as `terrace.capabilities.platform.Platform` requires."""

from terrace.azure.alarms import Alarms
from terrace.azure.audit import Audit
from terrace.azure.backup import Backup
from terrace.azure.bucket import ExtraBucket
from terrace.azure.cache import Cache
from terrace.azure.ceiling import Ceiling
from terrace.azure.cluster import Cluster
from terrace.azure.cost import Cost
from terrace.azure.database import Database
from terrace.azure.entry import Entry
from terrace.azure.governance import Governance
from terrace.azure.hybrid import Hybrid
from terrace.azure.identity import WorkloadIdentities
from terrace.azure.keys import Keys
from terrace.azure.lake import Lake
from terrace.azure.network import Network
from terrace.azure.observability import Observability
from terrace.azure.people import People
from terrace.azure.pipelines import Pipelines
from terrace.azure.providers import configure
from terrace.azure.registry import Registry
from terrace.azure.secrets import Secrets
from terrace.azure.streams import Streams

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
