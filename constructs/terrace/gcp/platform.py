"""Google Cloud: the constructs of each capability, as `terrace.capabilities.platform.Platform` requires."""

from terrace.gcp.alarms import Alarms
from terrace.gcp.audit import Audit
from terrace.gcp.backup import Backup
from terrace.gcp.bucket import ExtraBucket
from terrace.gcp.cache import Cache
from terrace.gcp.ceiling import Ceiling
from terrace.gcp.cluster import Cluster
from terrace.gcp.cost import Cost
from terrace.gcp.database import Database
from terrace.gcp.entry import Entry
from terrace.gcp.governance import Governance
from terrace.gcp.hybrid import Hybrid
from terrace.gcp.identity import WorkloadIdentities
from terrace.gcp.keys import Keys
from terrace.gcp.lake import Lake
from terrace.gcp.network import Network
from terrace.gcp.observability import Observability
from terrace.gcp.people import People
from terrace.gcp.pipelines import Pipelines
from terrace.gcp.providers import configure
from terrace.gcp.registry import Registry
from terrace.gcp.secrets import Secrets
from terrace.gcp.streams import Streams

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
