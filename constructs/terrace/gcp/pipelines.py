"""Service accounts for CI pipelines, by OIDC federation with the CI system (ID-1)."""

from collections.abc import Sequence

from cdktn_provider_google.iam_workload_identity_pool import IamWorkloadIdentityPool
from cdktn_provider_google.iam_workload_identity_pool_provider import (
    IamWorkloadIdentityPoolProvider,
    IamWorkloadIdentityPoolProviderOidc,
)
from cdktn_provider_google.service_account_iam_member import ServiceAccountIamMember
from constructs import Construct

from terrace.capabilities.ci import TITLES, Pipeline
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.providers import service

_READING = (
    "roles/artifactregistry.reader",
    "roles/backupdr.viewer",
    "roles/browser",
    "roles/certificatemanager.viewer",
    "roles/cloudasset.viewer",
    "roles/cloudkms.viewer",
    "roles/cloudscheduler.viewer",
    "roles/cloudsql.viewer",
    "roles/compute.viewer",
    "roles/container.clusterViewer",
    "roles/dlp.jobTriggersReader",
    "roles/dns.reader",
    "roles/gkebackup.viewer",
    "roles/iam.securityReviewer",
    "roles/logging.viewer",
    "roles/memorystore.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/secretmanager.viewer",
    "roles/securitycenter.notificationConfigViewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.bucketViewer",
)
"""Permissions of a plan. None of them reads data: no object, no secret's value, no row."""

_CHANGING = (
    "roles/artifactregistry.admin",
    "roles/backupdr.admin",
    "roles/binaryauthorization.policyAdmin",
    "roles/certificatemanager.owner",
    "roles/cloudasset.owner",
    "roles/cloudkms.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/compute.admin",
    "roles/container.admin",
    "roles/dlp.jobTriggersEditor",
    "roles/dns.admin",
    "roles/essentialcontacts.admin",
    "roles/gkebackup.admin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter",
    "roles/memorystore.admin",
    "roles/monitoring.admin",
    "roles/networkconnectivity.consumerNetworkAdmin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/secretmanager.admin",
    "roles/securitycenter.notificationConfigEditor",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
)
"""Roles to apply the foundation. The organisation grants the roles for deny policies, organisation policies and the
budget above the project: roles/iam.denyAdmin, roles/orgpolicy.policyAdmin, roles/billing.costsManager."""


_TITLES = {"github": "GitHub Actions", "gitlab": "GitLab CI/CD", "azure-devops": "Azure Pipelines"}


class Pipelines(Construct):
    """Service accounts for the repository's jobs: pull requests and the main branch plan, the environment's jobs
    apply. Source: IAM documentation, "Configure Workload Identity Federation with deployment pipelines".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: IdentitySpec,
        target: Target,
        *,
        streams: bool,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        self._pool = IamWorkloadIdentityPool(
            self,
            f"pool-{spec.ci}",
            workload_identity_pool_id=names.pipeline_pool(target, spec),
            display_name=_TITLES[spec.ci],
            description=f"Workflows of {spec.repository}",
            depends_on=[service(self, name) for name in ("iam", "iamcredentials", "sts")],
        )
        self._pool.move_from_id(f"{self._pool.terraform_resource_type}.pipelines_pool_8D477066")
        # on the project, because the bucket exists only for remote state; a plan takes no lock
        self._pipeline(
            "plan",
            spec,
            target,
            (*_READING, *(("roles/managedkafka.viewer",) if streams else ())),
            **{
                "state": Grant("roles/storage.objectViewer", only=names.state_reader(target)),  # ID-1
                "bundles": Grant("roles/storage.objectCreator", only=names.plan_creator(target)),  # ID-1
                "sealer": Grant("roles/cloudkms.cryptoKeyEncrypter", only=names.plan_sealer(target)),  # ID-1
            },
        )
        unsealer = Grant("roles/cloudkms.cryptoKeyDecrypter", only=names.plan_sealer(target))
        changing = (*_CHANGING, *(("roles/managedkafka.admin",) if streams else ()))
        self._pipeline("apply", spec, target, changing, unsealer=unsealer)

    def _pipeline(
        self,
        name: Pipeline,
        spec: IdentitySpec,
        target: Target,
        roles: Sequence[str],
        **more: Grant,
    ) -> None:
        jobs, audience = spec.jobs(target.environment, target.tier)[name], spec.audience("")
        provider = IamWorkloadIdentityPoolProvider(
            self,
            f"{name}-{spec.ci}",
            workload_identity_pool_id=self._pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=names.pipeline_provider(name, spec),
            display_name=f"{TITLES[spec.ci]}, {name}",
            attribute_mapping=spec.tokens.mapping(spec),
            attribute_condition=names.pipeline_condition(spec, jobs),  # ID-1
            oidc=IamWorkloadIdentityPoolProviderOidc(
                issuer_uri=spec.issuer, allowed_audiences=[audience] if audience else None
            ),
        )
        grants = {role.removeprefix("roles/").replace(".", "-"): Grant(role) for role in roles} | more
        account = iam.role(self, name, target, purpose=f"ci-{name}", title=f"CI, {name}", grants=grants)
        pools = f"projects/{names.number(target)}/locations/global/workloadIdentityPools"
        pool = f"{pools}/{names.pipeline_pool(target, spec)}"
        for subject in names.pipeline_principals(spec, jobs):
            ServiceAccountIamMember(
                self,
                f"{name}-as-{subject.split(':', 2)[-1].replace(':', '-').replace('/', '-').strip('-')}",
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=f"principal://iam.googleapis.com/{pool}/subject/{subject}",  # ID-1
                depends_on=[provider],
            )
