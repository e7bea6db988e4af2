"""The rights that a stack on Google Cloud gives: bindings of every kind, trust, users of the database, and what sends
data elsewhere.

Deny policies are ignored, which widens the result; a check compares the environment's own (checks/gcp/identity.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from terrace.assurance.access.gcp import roles
from terrace.assurance.access.gcp.objects import Objects
from terrace.assurance.access.gcp.principals import Principals
from terrace.assurance.access.model import Grant, Unknown, Verb
from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference, Resource, blocks
from terrace.capabilities.identity import BOOTSTRAP
from terrace.gcp import names

_BINDING = re.compile(r"google_(?P<on>\w+)_iam_(?P<form>member|binding|policy)")
_ON: Mapping[str, tuple[str, str]] = {
    "storage_bucket": ("lake", "bucket"),
    "secret_manager_secret": ("secrets", "secret_id"),
    "kms_crypto_key": ("keys", "crypto_key_id"),
    "pubsub_topic": ("topics", "topic"),
    "pubsub_subscription": ("topics", "subscription"),
    "dns_managed_zone": ("dns", "managed_zone"),
    "service_account": ("identities", "service_account_id"),
    "artifact_registry_repository": ("registry", "repository"),
}
"""What a binding is on: the kind of object, and the attribute that names it."""
_ABOVE = ("project", "folder", "organization")
TYPES = frozenset(
    (
        "google_project_iam_custom_role", "google_sql_user", "google_managed_kafka_acl", "google_cloud_scheduler_job",
        "google_data_loss_prevention_job_trigger",
        "google_logging_project_sink", "google_pubsub_subscription", "google_storage_transfer_job",
        *(
            f"google_{on}_iam_{form}"
            for on in (*_ABOVE, *_ON, "kms_key_ring")
            for form in ("member", "binding", "policy")
        ),
    )
)  # fmt: skip
"""The types that are read here."""
_SUMMARIES = ("publish_summary_to_cscc", "publish_to_stackdriver")
"""Actions of an inspection that publish numbers to the project, and no data."""
_LIST_VERBS: Mapping[str, tuple[Verb, ...]] = {
    "ALL": ("administer",),
    "READ": ("read-data",),
    "WRITE": ("write-data",),
    "DELETE": ("delete",),
    "ALTER": ("operate",),
    "ALTER_CONFIGS": ("operate",),
}
"""Kafka's operations that change or read something."""
_OWN_DATABASE = "cloudsqlsuperuser"


@dataclass(frozen=True)
class _Binding:
    by: str
    on: str
    value: object
    role: object
    members: tuple[object, ...]
    condition: str


def grants(stack: Subject) -> Iterator[Grant | Unknown]:
    """Every right, and what could not be read."""
    reader = _Reader(stack, Principals(stack))
    for resource in stack.view:
        if match := _BINDING.fullmatch(resource.type):
            yield from reader.of_bindings(resource, match["on"], match["form"])
    yield from reader.of_users()
    yield from reader.of_lists()
    yield from reader.of_jobs()
    yield from reader.of_outflows()


class _Reader:
    def __init__(self, stack: Subject, principals: Principals) -> None:
        self._stack, self._principals = stack, principals
        self._objects = Objects(stack, principals)
        self._logins = {str(user.get("name")) for user in stack.view.all("google_sql_user")}

    def of_bindings(self, resource: Resource, on: str, form: str) -> Iterator[Grant | Unknown]:
        if on not in _ON and on not in _ABOVE and on != "kms_key_ring":
            yield Unknown(f"a binding on {on}", str(resource))
            return
        found = list(_bindings(self._stack, resource, on, form))
        if not found:
            yield Unknown("a policy document that cannot be read", str(resource))
        for binding in found:
            yield from self._of_binding(binding)

    def _of_binding(self, binding: _Binding) -> Iterator[Grant | Unknown]:
        rights = self._rights(binding.role)
        if isinstance(rights, str):
            yield Unknown(rights, binding.by)
            return
        for member in binding.members:
            principal = self._principals.of(member)
            if principal is None:
                yield Unknown(f"the member {member}", binding.by)
                continue
            for verb, kind in rights:
                objects = self._reached(binding, kind, principal)
                if objects is None:
                    yield Unknown(f"the condition {binding.condition}", binding.by)
                    break
                for object in objects:
                    yield Grant(principal, verb, object, (binding.by,))

    def _rights(self, role: object) -> tuple[roles.Right, ...] | str:
        """What a role allows; text if it is not known."""
        custom = self._custom(role)
        if custom is not None:
            rights, unknown = roles.of_permissions(str(one) for one in custom.get("permissions", []))
            return f"the permissions {', '.join(unknown)} of {role}" if unknown else rights
        return roles.ROLES.get(str(role), f"the role {role}")

    def _custom(self, role: object) -> Resource | None:
        target = self._stack.view.target(role)
        if target is not None:
            return target
        project = names.account(self._stack.target)
        for custom in self._stack.view.all("google_project_iam_custom_role"):
            if role == f"projects/{project}/roles/{custom.get('role_id')}":
                return custom
        return None

    def _reached(self, binding: _Binding, kind: str, principal: str) -> tuple[str, ...] | None:
        """The objects of a kind that a binding is about; None if its condition cannot be evaluated."""
        if binding.on in _ON:
            own, _ = _ON[binding.on]
            if kind not in (own, "account", "everything", "logs" if own == "topics" else own):
                return ()
            if binding.condition and own == "lake" and kind == "lake":
                return self._objects.below(binding.condition, self._objects.bucket(binding.value))
            if binding.condition and self._objects.under(binding.condition, own) is None:
                return None
            return (self._objects.named(own, binding.value),)
        if binding.on == "kms_key_ring":
            return self._objects.whole("keys") if kind in ("keys", "account", "everything") else ()
        objects = self._objects.whole(kind)
        if binding.condition:
            narrowed = self._objects.under(binding.condition, kind)
            if narrowed is None:
                return None
            objects = narrowed
        return tuple(self._login(object, principal) for object in objects)

    def _login(self, object: str, principal: str) -> str:
        """The database and the cache have no roles in IAM: a login is to the principal's own user."""
        if object == "database/server":
            return f"database/{self._user(principal) or '*'}"
        if object == "cache/cache":
            return f"cache/{principal.removeprefix('module ')}" if principal.startswith("module ") else "cache/*"
        return object

    def _user(self, principal: str) -> str:
        """The database role of a principal that has a user of the database, else nothing."""
        address = next((email for email, word in self._principals.accounts.items() if word == principal), "")
        if names.login_name(address) not in self._logins:
            return ""
        return "admin" if principal == f"component {BOOTSTRAP}" else principal.partition(" ")[2]

    def of_users(self) -> Iterator[Grant]:
        """Users of the database (SEC-2): a user with a password can be used by anyone who has the password."""
        for user in self._stack.view.all("google_sql_user"):
            name, kind = str(user.get("name")), str(user.get("type", "BUILT_IN"))
            project = f"@{names.account(self._stack.target)}.iam"
            if kind == "CLOUD_IAM_SERVICE_ACCOUNT":
                principal = self._principals.of_account(f"{name}.gserviceaccount.com")
            elif kind in ("CLOUD_IAM_GROUP", "CLOUD_IAM_USER"):
                prefix = "group" if kind == "CLOUD_IAM_GROUP" else "user"
                principal = self._principals.of(f"{prefix}:{name}") or f"foreign {name}"
            else:
                principal = f"foreign database user {name}"
            powers = bool(user.get("database_roles")) or principal.startswith("foreign database user")
            own = principal.partition(" ")[2] if name.endswith(project) else name
            yield Grant(principal, "connect", "database/admin" if powers else f"database/{own}", (str(user),))

    def of_jobs(self) -> Iterator[Grant | Unknown]:
        """Scheduled calls, which act as an identity."""
        for job in self._stack.view.all("google_cloud_scheduler_job"):
            tokens = ("http_target.oauth_token", "http_target.oidc_token")
            account = next((one for key in tokens if (one := job.get(f"{key}.service_account_email"))), None)
            if account is None:
                yield Unknown("a scheduled call without an identity", str(job))
                continue
            principal = self._principals.of_account(self._stack.view.text(account))
            yield Grant("cloud scheduler", "assume", f"identities/{principal}", (str(job),))

    def of_lists(self) -> Iterator[Grant | Unknown]:
        """What the streams' access control lists give on topics. Those of groups of consumers and of transactions give
        no data."""
        for acl in self._stack.view.all("google_managed_kafka_acl"):
            kind, _, name = str(acl.get("acl_id")).partition("/")
            topics = {"topic": name, "topicPrefixed": f"{name}*", "allTopics": "*"}
            for entry in acl.blocks("acl_entries"):
                verbs = _LIST_VERBS.get(str(entry.get("operation")), ())
                if kind not in topics or entry.get("permission_type", "ALLOW") != "ALLOW":
                    continue
                email = self._stack.view.text(entry.get("principal")).removeprefix("User:")
                principal = "anyone" if email == "*" else self._principals.of_account(email)
                for verb in verbs:
                    yield Grant(principal, verb, f"streams/{topics[kind]}", (str(acl),))

    def of_outflows(self) -> Iterator[Grant | Unknown]:
        """What copies records, messages or objects to somewhere outside the environment."""
        target = self._stack.target
        project = names.account(target)
        for sink in self._stack.view.all("google_logging_project_sink"):
            destination = self._stack.view.text(sink.get("destination"))
            own = destination.startswith(f"logging.googleapis.com/projects/{project}/")
            existing = f"logging.googleapis.com/{names.log_bucket_id(target, 'platform')}"
            if not own and destination not in (existing, f"storage.googleapis.com/{names.bucket(target, 'audit')}"):
                yield Grant(f"foreign {destination}", "read-data", "detection", (str(sink),))
        for subscription in self._stack.view.all("google_pubsub_subscription"):
            for key in ("push_config", "bigquery_config", "cloud_storage_config"):
                if subscription.get(key):
                    topic = self._objects.named("topics", subscription.get("topic"))
                    yield Grant(f"foreign {key.partition('_')[0]}", "read-data", topic, (str(subscription),))
        for job in self._stack.view.all("google_storage_transfer_job"):
            yield from self._of_copy(job)
        for job in self._stack.view.all("google_data_loss_prevention_job_trigger"):
            yield from self._of_inspection(job)

    def _of_inspection(self, job: Resource) -> Iterator[Grant | Unknown]:
        """A job that inspects a bucket: where it writes what it found, besides counts and summaries."""
        url = str(job.get("inspect_job.storage_config.cloud_storage_options.file_set.url", ""))
        if not url.startswith("gs://"):
            yield Unknown("an inspection of something that is not a bucket", str(job))
            return
        read = self._objects.named("lake", url.removeprefix("gs://").partition("/")[0])
        for action in blocks(job.attributes, "inspect_job.actions"):
            for key in action:
                if key not in _SUMMARIES and blocks(action, key):
                    yield Grant(f"foreign {key}", "read-data", read, (str(job),))

    def _of_copy(self, job: Resource) -> Iterator[Grant | Unknown]:
        source, sink = (job.get(f"transfer_spec.gcs_data_{end}.bucket_name") for end in ("source", "sink"))
        if source is None or sink is None:
            yield Unknown("a copy from or to something that is not a bucket", str(job))
            return
        into = self._objects.named("lake", sink)
        if into != "lake/backups":
            word = f"foreign {into.partition('/')[2]}" if "/" in into else into
            yield Grant(word, "read-data", self._objects.named("lake", source), (str(job),))


def _bindings(stack: Subject, resource: Resource, on: str, form: str) -> Iterator[_Binding]:
    attribute = _ON[on][1] if on in _ON else on
    value = resource.get(attribute)
    if form == "policy":
        for binding in _documents(stack, resource.get("policy_data")):
            members, condition = binding.get("members") or [], blocks(binding, "condition")
            expression = str(condition[0].get("expression", "")) if condition else ""
            yield _Binding(str(resource), on, value, binding.get("role"), tuple(members), expression)
        return
    members = resource.get("members", []) if form == "binding" else [resource.get("member")]
    expression = str(resource.get("condition.expression", ""))
    yield _Binding(str(resource), on, value, resource.get("role"), tuple(members), expression)


def _documents(stack: Subject, policy: object) -> list[dict[str, Any]]:
    """The bindings of a policy: JSON in the resource, or the data source that it refers to."""
    if isinstance(policy, dict):
        return blocks(policy, "bindings")
    if isinstance(policy, Reference) and (policy.type, policy.name) == ("data", "google_iam_policy"):
        sources = stack.view.document.get("data", {}).get("google_iam_policy", {})
        body = stack.view.resolved(sources.get(policy.attribute.partition(".")[0], {}))
        return blocks(body, "binding")
    return []
