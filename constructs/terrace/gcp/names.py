"""Names and ids on Google Cloud, computed from the target alone, so that they are known before the resources exist.

Loads no CDK. Ids are strings and not references to resources, so that a plan shows them; a resource that uses one
depends on the resource behind it with `depends_on`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

from terrace.capabilities.ci import Job, Pipeline
from terrace.capabilities.identity import IdentitySpec
from terrace.capabilities.keys import Purpose
from terrace.capabilities.observability import LogGroup
from terrace.capabilities.spec import Access
from terrace.capabilities.target import GcpSettings, Target
from terrace.environment import regions
from terrace.errors import ContractError

Place = Literal["home", "recovery", "both"]
"""The location of a key: a region of the target, or the multi-region of both, for buckets that span them."""

LogBucket = Literal["platform", "flow", "trail"]

POD_RANGE, SERVICE_RANGE = "pods", "services"
"""The secondary ranges of pods and of the cluster's services."""

AGENTS = {
    "artifactregistry": "service-{}@gcp-sa-artifactregistry.iam.gserviceaccount.com",
    "backupdr": "service-{}@gcp-sa-backupdr.iam.gserviceaccount.com",
    "cloudasset": "service-{}@gcp-sa-cloudasset.iam.gserviceaccount.com",
    "compute": "service-{}@compute-system.iam.gserviceaccount.com",
    "container": "service-{}@container-engine-robot.iam.gserviceaccount.com",
    "gkebackup": "service-{}@gcp-sa-gkebackup.iam.gserviceaccount.com",
    "logging": "cmek-p{}@gcp-sa-logging.iam.gserviceaccount.com",
    "managedkafka": "service-{}@gcp-sa-managedkafka.iam.gserviceaccount.com",
    "memorystore": "service-{}@gcp-sa-memorystore.iam.gserviceaccount.com",
    "monitoring": "service-{}@gcp-sa-monitoring-notification.iam.gserviceaccount.com",
    "pubsub": "service-{}@gcp-sa-pubsub.iam.gserviceaccount.com",
    "secretmanager": "service-{}@gcp-sa-secretmanager.iam.gserviceaccount.com",
    "securitycenter": "service-{}@gcp-sa-scc-notification.iam.gserviceaccount.com",
    "sqladmin": "service-{}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
    "storage": "service-{}@gs-project-accounts.iam.gserviceaccount.com",
    "storagetransfer": "project-{}@storage-transfer-service.iam.gserviceaccount.com",
}
"""Google's own identities in a project, by service. Source: IAM, "Service agents"."""

TOPIC_VERBS: Mapping[Access, tuple[str, ...]] = {"read": ("DESCRIBE", "READ"), "write": ("DESCRIBE", "WRITE")}
"""The operations of an access to a topic, in Kafka's words."""

ACCOUNT_ID_LENGTH, LOGIN_LENGTH = 30, 63
"""Sources: IAM API, projects.serviceAccounts.create, accountId; PostgreSQL's NAMEDATALEN, for accounts that log in."""


def settings(target: Target) -> GcpSettings:
    """The Google Cloud settings of a target on Google Cloud."""
    assert isinstance(target.settings, GcpSettings)
    return target.settings


def account(target: Target) -> str:
    """The project's id."""
    return settings(target).project_id


def number(target: Target) -> str:
    """The project's number."""
    return settings(target).project_number


def short(name: str, limit: int) -> str:
    """`name`, or its beginning and a hash of the whole if it is longer than `limit` characters."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:4]
    return f"{name[: limit - 5].rstrip('-')}-{digest}"


def agent(target: Target, service: str) -> str:
    """A service's own identity in the project, as an IAM member."""
    return f"serviceAccount:{AGENTS[service].format(number(target))}"


def role_name(target: Target, purpose: str) -> str:
    """A service account's id; it must also fit into a PostgreSQL login, as account@project.iam."""
    left = LOGIN_LENGTH - len(f"@{account(target)}.iam")
    return short(f"{target.prefix}-{purpose}", min(ACCOUNT_ID_LENGTH, left))


def role_email(target: Target, purpose: str) -> str:
    """A service account's address."""
    return f"{role_name(target, purpose)}@{account(target)}.iam.gserviceaccount.com"


def principal(target: Target, purpose: str) -> str:
    """A service account as a principal of deny policies. Source: IAM documentation, "Principal identifiers"."""
    return f"principal://iam.googleapis.com/projects/-/serviceAccounts/{role_email(target, purpose)}"


def ceiling(target: Target) -> str:
    """The deny policy of every identity of the project."""
    return f"{target.prefix}-ceiling"


def attachment_point(target: Target) -> str:
    """The project as the parent of deny policies. Source: IAM documentation, "Deny access to resources"."""
    return f"cloudresourcemanager.googleapis.com%2Fprojects%2F{account(target)}"


def dns_zone(target: Target) -> str:
    """The name of the public zone: of an existing one, or of the foundation's own."""
    return (target.existing.dns_zone or f"{target.prefix}-public").rpartition("/")[2]


def registry(target: Target) -> str:
    """Where images are: the host with an existing repository, or with the project, as the host alone serves all of
    Google's customers."""
    if target.existing.registry:
        _, project, _, location, _, repository = target.existing.registry.split("/")
        return f"{location}-docker.pkg.dev/{project}/{repository}"
    return f"{target.region}-docker.pkg.dev/{account(target)}"


def nodes(target: Target) -> str:
    """The address of the nodes' service account: of an existing cluster, or the foundation's own."""
    cluster = target.existing.cluster
    return cluster.nodes if cluster and cluster.nodes else role_email(target, "nodes")


def member(target: Target, purpose: str) -> str:
    """A service account as an IAM member."""
    return f"serviceAccount:{role_email(target, purpose)}"


def pods(target: Target, namespace: str, service_account: str) -> str:
    """A Kubernetes service account of the project's clusters as an IAM member."""
    return f"serviceAccount:{account(target)}.svc.id.goog[{namespace}/{service_account}]"


def group(target: Target, name: str) -> str:
    """The address of a group of the organisation."""
    return f"{name}@{settings(target).admin_group.partition('@')[2]}"


def group_member(target: Target, group: str) -> str:
    """A group of people as a member of bindings."""
    return f"group:{settings(target).groups[group]}"


def key_location(target: Target, place: Place) -> str:
    """The location of a key ring. Raises ContractError if no multi-region contains both of the target's regions."""
    if place == "home":
        return target.region
    if place == "recovery" and target.recovery_region:
        return target.recovery_region
    multi = {"eu": "europe", "us": "us"}.get(regions.jurisdiction("gcp", target.region) or "")
    if multi is None:
        raise ContractError(f"no multi-region of Google Cloud contains {target.region}", where="recovery_region")
    return multi


def key_ring(target: Target, place: Place) -> str:
    """A key ring's id. A key ring can never be deleted, and its name cannot be reused."""
    return f"projects/{account(target)}/locations/{key_location(target, place)}/keyRings/{target.prefix}"


def key(target: Target, purpose: Purpose, place: Place = "home") -> str:
    """A key's id: an existing one's, or the foundation's own."""
    if place == "home" and purpose in target.existing.keys:
        return target.existing.keys[purpose]
    return f"{key_ring(target, place)}/cryptoKeys/{purpose}"


def state_key(target: Target) -> str:
    """The id of the key of the state home, which seals bundles too."""
    project = target.prefix.removesuffix(f"-{target.environment}")
    ring = f"projects/{account(target)}/locations/{key_location(target, 'home')}/keyRings/{project}-state"
    return f"{ring}/cryptoKeys/state"


def bucket(target: Target, name: str) -> str:
    """A bucket's name; global, so the project's number ends it; 63 characters at most."""
    return f"{target.prefix}-{name}-{number(target)}"


def bucket_id(target: Target, name: str) -> str:
    """A bucket's resource name in IAM conditions."""
    return f"projects/_/buckets/{bucket(target, name)}"


def below(target: Target, name: str, folder: str) -> str:
    """The condition (CEL) that limits a role on a bucket to a folder: its objects, and lists of their names (LAKE-7).

    A list is a request on the bucket, whose prefix is an attribute of the API. Managed folders would do too, but each
    is one more resource, which cannot be deleted while it has objects; and catalogues of Iceberg tables narrow their
    clients' tokens by this same condition. A bucket's policy may have 20 bindings of one role and one member that
    differ in the condition: the rule `modules_have_few_products` keeps them below. Sources: IAM documentation,
    "Attribute reference for IAM Conditions" and "Quotas and limits"; Cloud Storage documentation, "Managed folders";
    Unity Catalog and Apache Polaris, which vend such tokens.
    """
    objects = f'resource.name.startsWith("{bucket_id(target, name)}/objects/{folder}/")'
    listed = f'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{folder}/")'
    return f"{objects} || {listed}"


def state_reader(target: Target) -> str:
    """The condition (CEL) that limits a role to the environment's states. Listing is a right on the bucket."""
    bucket = f"projects/_/buckets/{state_bucket(target)}"
    own = f'resource.name.startsWith("{bucket}/objects/{target.environment}/")'
    return f'resource.name == "{bucket}" || {own}'


def plan_creator(target: Target) -> str:
    """The condition (CEL) that limits a role to the bundles of plans beside the environment's states."""
    objects = f"projects/_/buckets/{state_bucket(target)}/objects"
    return " || ".join(f'resource.name.startsWith("{objects}/{folder}")' for folder in plan_folders(target))


def plan_sealer(target: Target) -> str:
    """The condition (CEL) that limits a role to the key of the state home."""
    return f'resource.name.startsWith("{state_key(target)}")'


def plan_folders(target: Target) -> list[str]:
    """Where the bundles of plans are beside the states, by layer."""
    return [f"{target.environment}/gcp/{layer}/plans/" for layer in target.layers]


def log_bucket(name: LogGroup) -> LogBucket:
    """The log bucket of a log group; log groups with the same retention share one, since Logging searches all of
    them."""
    own_bucket: dict[LogGroup, LogBucket] = {"flow": "flow", "trail": "trail"}
    return own_bucket.get(name, "platform")


def log_group(target: Target, name: LogGroup) -> str:
    """The name of a log group's log bucket."""
    return f"{target.prefix}-{log_bucket(name)}"


def log_group_id(target: Target, name: LogGroup) -> str:
    """The id of a log group's log bucket."""
    return log_bucket_id(target, log_bucket(name))


def log_bucket_id(target: Target, name: LogBucket) -> str:
    """The id of a log bucket: of an existing one for the platform's logs, or of the foundation's own."""
    if target.existing.monitoring and name == "platform":
        return target.existing.monitoring.id
    return f"projects/{account(target)}/locations/{target.region}/buckets/{target.prefix}-{name}"


def topic(target: Target, name: str) -> str:
    """A Pub/Sub topic's id; `name` is a severity or a purpose."""
    return f"projects/{account(target)}/topics/{target.prefix}-{name}"


def secret(target: Target, name: str) -> str:
    """A secret's id."""
    return f"projects/{account(target)}/secrets/{target.prefix}-{name}"


def custom_role_id(target: Target, purpose: str) -> str:
    """A custom role's id in role bindings."""
    return f"projects/{account(target)}/roles/{custom_role(target, purpose)}"


def custom_role(target: Target, purpose: str) -> str:
    """A custom role's name; it stays reserved for 37 days after deletion, while the role can be restored."""
    return f"{target.prefix}-{purpose}".replace("-", "_")


def cluster_location(target: Target) -> str:
    """The location of the cluster: the region if it spans several zones, else its zone; of an existing one, its own."""
    if target.existing.cluster:
        return target.existing.cluster.id.split("/")[3]
    return target.zones[0] if len(target.zones) == 1 else target.region


def cluster_id(target: Target) -> str:
    """The GKE cluster: an existing one, or the foundation's own."""
    if target.existing.cluster:
        return target.existing.cluster.id
    return f"projects/{account(target)}/locations/{cluster_location(target)}/clusters/{target.prefix}"


def database_id(target: Target) -> str:
    """The Cloud SQL instance."""
    return f"projects/{account(target)}/instances/{target.prefix}"


def cache_id(target: Target) -> str:
    """The Memorystore instance."""
    return f"projects/{account(target)}/locations/{target.region}/instances/{target.prefix}"


def streams_id(target: Target) -> str:
    """The cluster of Managed Service for Apache Kafka."""
    return f"projects/{account(target)}/locations/{target.region}/clusters/{target.prefix}"


def labels(target: Target) -> dict[str, str]:
    """Labels for resources that the provider's default labels do not cover (GOV-1)."""
    return dict(target.tags)


def deletion(target: Target) -> str:
    """The provider's deletion policy: PREVENT if the target is protected."""
    return "PREVENT" if target.protected else "DELETE"


def state_bucket(target: Target) -> str:
    """The bucket with the remote state of all environments in the Google Cloud project."""
    project = target.prefix.removesuffix(f"-{target.environment}")
    return target.state_bucket or f"{project}-state-{number(target)}"


def login_name(email: str) -> str:
    """A service account's user name in PostgreSQL. Source: Cloud SQL, "Manage users with IAM database
    authentication"."""
    return email.removesuffix(".gserviceaccount.com")


def pipeline_pool(target: Target, spec: IdentitySpec) -> str:
    """The id of the pool of pipelines' identities; reserved for thirty days after deletion; 32 characters at most."""
    return short(f"{target.prefix}-{spec.ci}", 32)


def pipeline_provider(pipeline: Pipeline, spec: IdentitySpec) -> str:
    """The id of a pipeline's provider in the pool."""
    return f"{spec.ci}-{pipeline}"


def pipeline_condition(spec: IdentitySpec, jobs: Sequence[Job]) -> str:
    """A condition (CEL) that admits the tokens of exactly these jobs (ID-1)."""
    own = _equal(spec.tokens.admits(spec))
    allowed = " || ".join(_equal({"sub": job.subject, **job.claims}) for job in jobs)
    return f"{own} && ({allowed})" if own else allowed


def _equal(claims: Mapping[str, str]) -> str:
    return " && ".join(f"assertion.{claim} == '{value}'" for claim, value in claims.items())


def pipeline_principals(spec: IdentitySpec, jobs: Sequence[Job]) -> list[str]:
    """What the pool calls these jobs: their `google.subject`."""
    return [spec.tokens.principal(spec, job.subject) for job in jobs]
