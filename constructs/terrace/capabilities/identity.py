"""Identities: people by group, pipelines by OIDC federation, modules by workload identity (ID-1, LAKE-7, SEC-3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from terrace.capabilities import ci
from terrace.capabilities.ci import CiName, Job, Pipeline
from terrace.capabilities.spec import Access, Guid, Name, Spec
from terrace.capabilities.target import Tier

Granted = Literal["bronze", "silver", "gold", "platinum", "artifacts"]
"""What a module may access in the lake: a layer, or the bucket of artifacts."""
LakeRight = Literal["read", "write", "add"]
"""What a module may do with objects: read them; write, which includes reading and deleting; or only add new ones."""
LakeAccess = Mapping[Granted, Mapping[str, LakeRight]]
"""A module's access to the lake: in each bucket, folders below which it has a right. A folder is a data product of a
layer, or the module's own of the artifacts. Names of its objects begin with its name and `/`, so `orders` does not
include `orders-eu`."""


Role = Literal["viewer", "editor", "admin"]
"""What a person may do on the platform, least first."""
ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")

_Number = Annotated[str, Field(pattern=r"^[1-9]\d*$")]
_Url = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=253)]


class OidcSpec(Spec):
    """The organisation's OpenID Connect provider, at which people log in to the platform's user interfaces.

    The secret of a module's client is `<project>-<environment>-<module>-oidc` in the cloud's secret manager. The
    foundation creates it with a random value, which an operator replaces by the provider's.
    """

    issuer: _Url
    """Issuer identifier, as in the provider's tokens."""
    keys: _Url
    """URL of the provider's signing keys: `jwks_uri` of its discovery document."""
    groups_claim: Annotated[str, Field(min_length=1)] = "groups"
    """Claim of the ID token that lists the person's groups."""
    groups: Annotated[Mapping[Annotated[str, Field(min_length=1)], Role], Field(min_length=1, max_length=128)]
    """Group, as the claim names it, to the role of its members."""
    clients: Mapping[Name, Annotated[str, Field(min_length=1)]] = {}
    """Module to the id of its client; its redirect URL is https://<host>/oauth2/callback for each of its hosts."""

    def groups_of(self, role: Role) -> list[str]:
        """The groups whose members have this role or a higher one."""
        return sorted(group for group, held in self.groups.items() if ROLES.index(held) >= ROLES.index(role))


def given_secret(module: str, purpose: str, prefix: str) -> str:
    """The name of a module's secret whose value is given from outside, in the secret manager of every cloud.

    The foundation creates it with a random value, and an operator writes the given one over it. Purposes: `oidc`, the
    secret of its OIDC client; `smtp`, the password of the mail server for alerts.
    """
    return f"{prefix}-{module}-{purpose}"


class GitLabSpec(Spec):
    """The GitLab project whose pipelines may plan and apply."""

    url: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+(:\d{1,5})?$")] = "https://gitlab.com"
    """The instance, which issues the tokens of its jobs."""
    project_id: _Number
    """The project's id, which a later project of the same path does not have."""
    namespace_id: _Number
    """The id of the project's group or user."""


class AzureDevOpsSpec(Spec):
    """The Azure DevOps project whose service connections may plan and apply."""

    organization_id: Guid
    """The organization's id, `instanceId` in https://dev.azure.com/ORGANIZATION/_apis/connectionData."""
    project_id: Guid
    """The project's id."""
    tenant_id: Guid | None = None
    """The Entra tenant of the organization, which issues the tokens of new service connections. Leave it out for
    connections whose issuer is Azure DevOps itself, https://vstoken.dev.azure.com; it ends on 1 July 2027."""
    connection_ids: Mapping[Pipeline, Guid] = {}
    """The ids of the environment's service connections for plan and apply; required with `tenant_id`."""


class IdentitySpec(Spec):
    admin_group: Annotated[str, Field(min_length=1)]
    """The organisation's group of platform administrators, by its name in the identity provider."""
    ci: CiName = "github"
    """The CI system whose jobs plan and apply."""
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][\w.-]*(/[\w. -]+)+$")]
    """The repository whose jobs may plan and apply (ID-1): owner/name on GitHub, the project's path on GitLab,
    organization/project/repository on Azure DevOps."""
    owner_id: _Number | None = None
    """GitHub's id of the repository's owner. Set it with `repository_id` for a repository on github.com that was
    created, renamed or transferred since 15 July 2026: its tokens have the ids in their subject. Leave both out for an
    older one and for GitHub Enterprise Server."""
    repository_id: _Number | None = None
    """GitHub's id of the repository; see `owner_id`. `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints both."""
    main_branch: Annotated[str, Field(min_length=1)] = "main"
    """The branch whose runs may plan and, in the environment's jobs, apply."""
    apply_workflow: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+/\.github/workflows/[\w.-]+\.ya?ml$")] | None = None
    """The reusable workflow on GitHub whose jobs alone may apply, `OWNER/NAME/.github/workflows/FILE.yml`, in the
    version of the main branch; not set: every workflow of the repository. Azure compares no claim but the subject."""
    gitlab: GitLabSpec | None = None
    """Required with `ci: gitlab`."""
    azure_devops: AzureDevOpsSpec | None = None
    """Required with `ci: azure-devops`."""
    oidc: OidcSpec | None = None
    """Log-in to the platform's user interfaces; required by modules whose hosts have `login: oidc`."""

    @property
    def tokens(self) -> Any:
        """What the CI system's tokens are: its module in `terrace.capabilities.ci`."""
        return ci.system(ci.__name__, self.ci)

    @property
    def issuer(self) -> str:
        """The issuer of the jobs' tokens, as in their claim `iss`."""
        return str(self.tokens.issuer(self))

    def audience(self, chosen: str) -> str:
        """The audience of the jobs' tokens for AWS and Google Cloud: `chosen` if a job chooses it."""
        return str(self.tokens.audience(self)) or chosen

    @property
    def issuer_host(self) -> str:
        """The issuer without https://, as AWS names identity providers."""
        return self.issuer.removeprefix("https://")

    def jobs(self, environment: str, tier: Tier) -> Mapping[Pipeline, tuple[Job, ...]]:
        """The jobs that may plan and apply an environment (ID-1)."""
        found: Mapping[Pipeline, tuple[Job, ...]] = self.tokens.jobs(self, environment, tier)
        return found

    def workflows(self, environment: str, tier: Tier) -> Mapping[Pipeline, tuple[str, ...]]:
        """The subjects of the tokens of `jobs`."""
        return {name: tuple(one.subject for one in jobs) for name, jobs in self.jobs(environment, tier).items()}


class ModuleSpec(Spec):
    """An environment's choice of a module. What the module is and needs is in its folder."""

    enabled: bool
    """Whether the module is part of the environment."""
    size: Literal["small", "medium", "large"] | None = None
    """Size of its pods; default by tier: small in dev, medium in staging, large in prod."""
    namespace: Name | None = None
    """Namespace; default: the module's name."""
    settings: Mapping[str, Any] = {}
    """Values for the module's settings; the module's folder has their defaults."""
    values: Mapping[str, Any] = {}
    """Values of its Helm chart, merged over those of the module's folder."""


@dataclass(frozen=True)
class ModuleAccess:
    """What the foundation gives a module: an identity bound to the service account of the module's name in
    `namespace`, and access to these folders of the lake, to a database, to the cache, to topics and, beside the
    module's own secret, to the given secrets of these purposes (given_secret)."""

    namespace: str
    lake: LakeAccess
    database: bool
    cache: bool
    topics: Mapping[str, Access] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


class ServiceAccount(NamedTuple):
    """A Kubernetes service account; as text, namespace/name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


BOOTSTRAP = "database-bootstrap"
"""The job that creates databases, roles and schemas (DB-9)."""
SYSTEM_NAMESPACE = "terrace-system"
"""The namespace of Terrace's own jobs."""

COMPONENT_ACCOUNTS: Mapping[str, ServiceAccount] = {
    "cluster-autoscaler": ServiceAccount("cluster-autoscaler", "cluster-autoscaler"),
    "external-secrets": ServiceAccount("external-secrets", "external-secrets"),
    "external-dns": ServiceAccount("external-dns", "external-dns"),
    "cert-manager": ServiceAccount("cert-manager", "cert-manager"),
    "load-balancer": ServiceAccount("load-balancer-controller", "load-balancer-controller"),
    "velero": ServiceAccount("velero", "velero"),
    BOOTSTRAP: ServiceAccount(SYSTEM_NAMESPACE, BOOTSTRAP),
}
"""Platform components that have an identity on some cloud, and the service accounts that they use unless an enabled
module names another one (`needs.identities`)."""


@dataclass(frozen=True)
class WorkloadIdentitiesHandle:
    """Workload identities by module and by platform component, and the database roles that modules log in as."""

    modules: Mapping[str, str]
    platform: Mapping[str, str]
    roles: Mapping[str, str]
