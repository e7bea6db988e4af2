"""IAM members on Google Cloud in the words of the access model.

Source: IAM documentation, "Principal identifiers". Own identities are recognized by the names that the environment
computes, not by what the stack writes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference
from terrace.capabilities.identity import BOOTSTRAP
from terrace.gcp import names

COMPONENTS = ("external-secrets", "external-dns", "cert-manager", "velero")
_DATABASE_ADMIN = "database-admin"
_PUBLIC = ("allUsers", "allAuthenticatedUsers", "principalSet://goog/public:all")
_ACCOUNT_WORDS = ("projectOwner", "projectEditor", "projectViewer")
_PODS = re.compile(r"serviceAccount:(?P<project>[a-z0-9-]+)\.svc\.id\.goog\[(?P<pods>[^\]]+)\]")
_FEDERATED = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/projects/(?P<number>[^/]+)/locations/global/"
    r"workloadIdentityPools/(?P<pool>[^/]+)/(?P<who>.+)"
)
_STORAGE_LOGS = "cloud-storage-analytics@google.com"
"""Google's group that writes the usage logs of buckets. Source: Cloud Storage, "Usage logs & storage logs"."""


@dataclass(frozen=True)
class Principals:
    """Names the members of a stack."""

    stack: Subject

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """Each of the environment's own service accounts, by address, as a principal."""
        target = self.stack.target
        purposes = {name: f"component {name}" for name in COMPONENTS}
        purposes |= {_DATABASE_ADMIN: f"component {BOOTSTRAP}", "nodes": "nodes", "sleep": "service sleep"}
        purposes |= {f"ci-{name}": f"pipeline {name}" for name in ("plan", "apply")}
        purposes |= {f"module-{name}": f"module {name}" for name in self.stack.environment.foundation_modules}
        own = {names.role_email(target, purpose): word for purpose, word in purposes.items()}
        return own | {names.nodes(target): "nodes"}

    @cached_property
    def _agents(self) -> Mapping[str, str]:
        number = names.number(self.stack.target)
        agents = {address.format(number): f"cloud {service}" for service, address in names.AGENTS.items()}
        return agents | {f"{number}@cloudservices.gserviceaccount.com": "cloud apis"}

    def of(self, member: object) -> str | None:
        """The principal that a member is; None if it cannot be determined."""
        if isinstance(member, Reference):
            return self._of_reference(member)
        text = str(member)
        if text in _PUBLIC:
            return "anyone"
        if pods := _PODS.fullmatch(text):
            return self._pods(pods["project"], pods["pods"], text)
        if federated := _FEDERATED.fullmatch(text):
            return self._federated(federated["number"], federated["pool"], federated["who"], text)
        kind, _, name = text.partition(":")
        if kind == "serviceAccount":
            return self.of_account(name)
        if kind in ("user", "group", "domain"):
            return self._person(kind, name)
        if kind in _ACCOUNT_WORDS:
            return "account" if name == names.account(self.stack.target) else f"foreign {text}"
        return f"foreign {text}" if kind in ("deleted", "principal", "principalSet") else None

    def of_account(self, address: str) -> str:
        """The principal that a service account is, by its address."""
        target = self.stack.target
        known = self.accounts.get(address) or self._agents.get(address)
        if known:
            return known
        if address in (
            f"{names.number(target)}-compute@developer.gserviceaccount.com",
            f"{names.account(target)}@appspot.gserviceaccount.com",
        ):
            return f"service default {address.rpartition('@')[2].partition('.')[0]}"
        own = address.endswith(f"@{names.account(target)}.iam.gserviceaccount.com")
        return f"service {address.partition('@')[0]}" if own else f"foreign {address}"

    def _of_reference(self, member: Reference) -> str | None:
        if member.type == "google_logging_project_sink" and member.attribute == "writer_identity" and member.path:
            return "cloud logging"
        target = self.stack.view.target(member)
        if member.type == "google_service_account" and target is not None:
            project = names.account(self.stack.target)
            return self.of_account(f"{target.get('account_id')}@{project}.iam.gserviceaccount.com")
        return None

    def _pods(self, project: str, pods: str, text: str) -> str:
        return f"pods {pods}" if project == names.account(self.stack.target) else f"foreign {text}"

    def _federated(self, number: str, pool: str, who: str, text: str) -> str:
        target = self.stack.target
        if number not in (names.number(target), names.account(target)):
            return f"foreign {text}"
        if pool == pool_id(self.stack):
            return f"workflow {who.removeprefix('subject/')}"
        if pool == f"{names.account(target)}.svc.id.goog":
            account = re.fullmatch(r"subject/ns/([^/]+)/sa/([^/]+)", who)
            return f"pods {account[1]}/{account[2]}" if account else f"pods {who}"
        return f"foreign {text}"

    def _person(self, kind: str, name: str) -> str:
        admins = names.settings(self.stack.target).admin_group
        if kind == "group" and name == admins:
            return "people admin"
        for group, address in names.settings(self.stack.target).groups.items():
            if kind == "group" and name == address:
                return f"group {group}"
        if kind == "group" and name == _STORAGE_LOGS:
            return "cloud storage-analytics"
        own = admins.partition("@")[2]
        if name.rpartition("@")[2] != own:
            return f"foreign {name}"
        return f"people {kind} {name}"


def pool_id(stack: Subject) -> str:
    """The id of the environment's own pool of workload identities; 32 characters at most."""
    return names.pipeline_pool(stack.target, stack.environment.identity)


def trusted_workflows(stack: Subject) -> Iterator[tuple[str, str]]:
    """(pipeline, subject) of each workflow that may act as a pipeline (ID-1)."""
    identity = stack.environment.identity
    for pipeline, jobs in identity.jobs(stack.environment.name, stack.environment.tier).items():
        for subject in names.pipeline_principals(identity, jobs):
            yield pipeline, subject
