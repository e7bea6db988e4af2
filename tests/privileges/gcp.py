"""Requests of modules' service accounts on Google Cloud, and the bindings of a stack that decide on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cel_expr_python import cel

from terrace.modules.enabled import EnabledModule
from tests.conftest import SynthesizedStack
from tests.privileges.expectations import Case, Lake, has_database, secrets_of

_PROJECTS = ("resourcemanager.projects.get", "resourcemanager.projects.list")
READ = tuple(f"storage.{kind}.{verb}" for kind in ("folders", "managedFolders", "objects") for verb in ("get", "list"))
WRITE = (
    *(f"storage.folders.{verb}" for verb in ("create", "delete", "rename")),
    *(f"storage.managedFolders.{verb}" for verb in ("create", "delete")),
    *(f"storage.multipartUploads.{verb}" for verb in ("abort", "create", "list", "listParts")),
    *(f"storage.objects.{verb}" for verb in ("create", "delete", "move", "restore", "update")),
)
ADD = (
    "storage.folders.create", "storage.managedFolders.create", "storage.multipartUploads.abort",
    "storage.multipartUploads.create", "storage.multipartUploads.listParts", "storage.objects.create",
)  # fmt: skip
_CONTROL = tuple(
    f"storage.objects.{verb}" for verb in ("getIamPolicy", "overrideUnlockedRetention", "setIamPolicy", "setRetention")
)
_BUCKETS = tuple(
    f"storage.buckets.{verb}" for verb in ("delete", "get", "getIamPolicy", "setIamPolicy", "update", "create", "list")
)
_VERSIONS = tuple(f"secretmanager.versions.{verb}" for verb in ("add", "destroy", "disable", "enable", "get", "list"))
_TOKENS = ("iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken")
_SIGN = ("iam.serviceAccounts.implicitDelegation", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt")
_ACCOUNTS = ("iam.serviceAccounts.get", "iam.serviceAccounts.list")

ROLES: Mapping[str, tuple[str, ...]] = {
    "roles/storage.objectViewer": (*_PROJECTS, *READ),
    "roles/storage.objectCreator": ("orgpolicy.policy.get", *_PROJECTS, *ADD),
    "roles/storage.objectUser": ("orgpolicy.policy.get", *_PROJECTS, *READ, *WRITE),
    "roles/storage.objectAdmin": ("orgpolicy.policy.get", *_PROJECTS, *READ, *WRITE, *_CONTROL),
    "roles/storage.admin": (*_PROJECTS, *READ, *WRITE, *_CONTROL, *_BUCKETS),
    "roles/secretmanager.secretAccessor": (*_PROJECTS, "secretmanager.versions.access"),
    "roles/secretmanager.secretVersionManager": (*_PROJECTS, *_VERSIONS),
    "roles/cloudsql.client": ("cloudsql.instances.connect", "cloudsql.instances.get"),
    "roles/cloudsql.instanceUser": ("cloudsql.instances.get", "cloudsql.instances.login"),
    "roles/managedkafka.client": ("managedkafka.clusters.connect", "managedkafka.clusters.get"),
    "roles/memorystore.dbConnectionUser": ("memorystore.instances.connect",),
    "roles/iam.serviceAccountTokenCreator": (*_ACCOUNTS, *_TOKENS, *_SIGN, *_PROJECTS),
    "roles/iam.workloadIdentityUser": (*_ACCOUNTS, *_TOKENS),
}
"""The permissions of the roles that modules have, and of wider ones. Source: Google Cloud, "IAM roles and permissions
index". The administrator of storage is shortened to what the requests ask for."""

_NEVER = (
    "cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeys.setIamPolicy", "cloudsql.instances.delete",
    "cloudsql.instances.executeSql", "cloudsql.users.create", "compute.instances.create", "container.clusters.get",
    "container.pods.exec", "dns.changes.create", "iam.roles.create", "iam.serviceAccountKeys.create",
    "iam.serviceAccounts.actAs", "iam.serviceAccounts.setIamPolicy", "logging.logEntries.list",
    "memorystore.instances.delete", "pubsub.topics.publish", "resourcemanager.projects.setIamPolicy",
    "secretmanager.secrets.create", "secretmanager.secrets.delete", "secretmanager.secrets.setIamPolicy",
    "serviceusage.services.enable",
)  # fmt: skip
_INSTANCE = ("cloudsql.instances.connect", "cloudsql.instances.get", "cloudsql.instances.login")
_EVERYONE = "principalSet://goog/public:all"


@dataclass(frozen=True)
class Resource:
    """A resource as conditions see it: `resource.name`, `resource.type` and `resource.service`. `listed` is the
    prefix of a list of its objects."""

    name: str
    type: str
    listed: str = ""

    @property
    def service(self) -> str:
        return self.type.split("/")[0]


@dataclass(frozen=True)
class Binding:
    """Permissions on a resource and what it contains; "" is the project."""

    permissions: tuple[str, ...]
    on: str
    only: str = ""


@dataclass(frozen=True)
class Project:
    """What exists in the project."""

    stack: SynthesizedStack
    id: str

    def buckets(self) -> dict[str, str]:
        """Layer or purpose to bucket."""
        return {path.split("/")[1]: body["name"] for path, body in self.stack.all("google_storage_bucket")}

    def account(self, path: str) -> str:
        email = f"{self.stack.one('google_service_account', path)['account_id']}@{self.id}.iam.gserviceaccount.com"
        return f"projects/{self.id}/serviceAccounts/{email}"

    def bindings(self, member: str) -> list[Binding]:
        """Every binding of a member, whatever it is bound to."""
        found = []
        for type in self.stack.document["resource"]:
            assert not type.endswith(("_iam_binding", "_iam_policy")), f"{type} replaces bindings: not evaluated"
            if not type.endswith("_iam_member"):
                continue
            for path, body in self.stack.all(type):
                if body["member"] in (member, "allUsers", "allAuthenticatedUsers"):
                    assert body["role"] in ROLES, f"{path}: the permissions of {body['role']} are not known"
                    only = body["condition"]["expression"] if "condition" in body else ""
                    found.append(Binding(ROLES[body["role"]], self._bound(type, path, body), only))
        return found

    def _bound(self, type: str, path: str, body: Mapping[str, Any]) -> str:
        if type == "google_project_iam_member":
            assert body["project"] == self.id, path
            return ""
        if type == "google_storage_bucket_iam_member":
            return f"projects/_/buckets/{body['bucket']}"
        if type == "google_secret_manager_secret_iam_member":
            return str(body["secret_id"])
        if type == "google_service_account_iam_member":
            return self.account(self.stack.resolve(body["service_account_id"]))
        raise AssertionError(f"{path}: {type} is not evaluated")

    def is_denied(self, permission: str, account: str) -> bool:
        """Whether the project's deny policy takes the permission from the account."""
        service, rest = permission.split(".", 1)
        for _, policy in self.stack.all("google_iam_deny_policy"):
            for rule in policy["rules"]:
                deny = rule["deny_rule"]
                known = {"denied_permissions", "denied_principals", "exception_principals"}
                assert set(deny) <= known and deny["denied_principals"] == [_EVERYONE], "a rule that is not evaluated"
                if f"{service}.googleapis.com/{rest}" in deny["denied_permissions"]:
                    excepted = {one.rsplit("/", 1)[1] for one in deny.get("exception_principals", [])}
                    if any(one.endswith("/type/ServiceAccount") for one in deny.get("exception_principals", [])):
                        return False  # the account is one of the project's
                    return account.rsplit("/", 1)[1] not in excepted
        return False


@cache
def _condition(text: str) -> Any:
    prefix = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
    return cel.NewEnv(variables={"resource": cel.Type.DYN}).compile(text.replace(prefix, "resource.listed"))


def _holds(text: str, resource: Resource) -> bool:
    seen = {"name": resource.name, "type": resource.type, "service": resource.service, "listed": resource.listed}
    value = _condition(text).eval(data={"resource": seen})
    assert value.type() == cel.Type.BOOL, f"{text}: {value.value()}"
    return bool(value.plain_value())


def is_allowed(bindings: list[Binding], permission: str, resource: Resource) -> bool:
    """Whether a binding on the resource or above it has the permission, under its condition."""
    return any(
        permission in one.permissions
        and (not one.on or f"{resource.name}/".startswith(f"{one.on}/"))
        and (not one.only or _holds(one.only, resource))
        for one in bindings
    )


def project_of(stack: SynthesizedStack) -> Project:
    (project,) = {body["project"] for _, body in stack.all("google_project_iam_member")}
    for _, bucket in stack.all("google_storage_bucket"):
        assert bucket["uniform_bucket_level_access"] is True  # no access control lists beside the bindings
    return Project(stack, project)


def cases(stack: SynthesizedStack, lakes: list[Lake]) -> list[Case]:
    """Every module's requests: what it declares on every resource of its kind, and what no module may do."""
    project = project_of(stack)
    return [case for lake in lakes for case in _cases(project, lake)]


def _cases(project: Project, lake: Lake) -> Iterator[Case]:
    module = lake.module
    stack, account = project.stack, project.account(f"workloads/module-{module.name}")
    bindings = project.bindings(f"serviceAccount:{account.rsplit('/', 1)[1]}")

    def case(declared: bool, permission: str, name: str, type: str, listed: str = "") -> Case:
        resource = Resource(name, type, listed)
        allowed = is_allowed(bindings, permission, resource) and not project.is_denied(permission, account)
        note = f", listing {listed}" if listed else ""
        return Case(module.name, f"{permission} on {name}{note}", declared, allowed)

    for bucket, name in project.buckets().items():
        id = f"projects/_/buckets/{name}"
        for folder in lake.folders:
            read, write = lake.reads(bucket, folder), lake.writes(bucket, folder)
            for permission in (*READ, *WRITE, *_CONTROL):
                declared = (read and permission in READ) or (write and permission in WRITE)
                declared = declared or (lake.adds(bucket, folder) and permission in ADD)
                object = f"{id}/objects/{folder}/table/part-0.parquet"
                yield case(declared, permission, object, "storage.googleapis.com/Object")
            for prefix in (folder, f"{folder}/", f"{folder}/table/"):
                declared = read and prefix != folder
                yield case(declared, "storage.objects.list", id, "storage.googleapis.com/Bucket", prefix)
        yield case(False, "storage.objects.list", id, "storage.googleapis.com/Bucket")
        yield case(False, "storage.objects.get", f"{id}/objects/part-0.parquet", "storage.googleapis.com/Object")
        for permission in _BUCKETS:
            yield case(False, permission, id, "storage.googleapis.com/Bucket")
    for path, secret in stack.all("google_secret_manager_secret"):
        version = f"projects/{project.id}/secrets/{secret['secret_id']}/versions/1"
        for permission in ("secretmanager.versions.access", *_VERSIONS):
            declared = (
                path.removeprefix("secrets/") in secrets_of(module) and permission == "secretmanager.versions.access"
            )
            yield case(declared, permission, version, "secretmanager.googleapis.com/SecretVersion")
    yield from _instances(project, module, case)
    yield from _topics(project, lake, account)
    for path, _ in stack.all("google_service_account"):
        for permission in (*_TOKENS, *_SIGN, "iam.serviceAccounts.actAs"):
            yield case(False, permission, project.account(path), "iam.googleapis.com/ServiceAccount")
    for permission in _NEVER:
        for name in (f"projects/{project.id}", f"projects/{project.id}/things/one"):
            yield case(False, permission, name, "cloudresourcemanager.googleapis.com/Project")
    yield from _trust(project, module, account)


def _instances(project: Project, module: EnabledModule, case: Any) -> Iterator[Case]:
    """Connecting and logging in to the environment's database and cache, and to others of the project."""
    stack, kind = project.stack, "sqladmin.googleapis.com/Instance"
    server = stack.one("google_sql_database_instance", "database/server")["name"]
    for permission in _INSTANCE:
        for name in (server, "other", f"{server}-other"):
            declared = has_database(module) and name == server
            yield case(declared, permission, f"projects/{project.id}/instances/{name}", kind)
    ((_, cache_instance),) = stack.all("google_memorystore_instance")
    start = f"projects/{project.id}/locations/{cache_instance['location']}/instances"
    for name in (cache_instance["instance_id"], "other"):
        declared = module.needs.cache and name == cache_instance["instance_id"]
        yield case(declared, "memorystore.instances.connect", f"{start}/{name}", "memorystore.googleapis.com/Instance")
    email = project.account(f"workloads/module-{module.name}").rsplit("/", 1)[1]
    users = {body["name"]: body for _, body in stack.all("google_sql_user")}
    login = users.get(email.removesuffix(".gserviceaccount.com"))
    yield Case(module.name, "being a user of the database", has_database(module), login is not None)
    powers = bool(login and login.get("database_roles"))
    yield Case(module.name, "having a role of the database's administrators", False, powers)


def _topics(project: Project, lake: Lake, account: str) -> Iterator[Case]:
    """Reading and writing each topic, by the cluster's access control lists; a topic without any is open."""
    lists = {body["acl_id"]: body["acl_entries"] for _, body in project.stack.all("google_managed_kafka_acl")}
    member = f"User:{account.rsplit('/', 1)[1]}"
    for topic, access in lake.topics.items():
        applied = [lists[acl] for acl in (f"topic/{topic}", "allTopics") if acl in lists]
        for verb, operation in (("read", "READ"), ("write", "WRITE")):
            allowed = not applied or any(
                one["principal"] in (member, "User:*")
                and one["operation"] in (operation, "ALL")
                and one["permission_type"] == "ALLOW"
                for entries in applied
                for one in entries
            )
            yield Case(lake.module.name, f"{operation} on topic {topic}", access == verb, allowed)


def _trust(project: Project, module: EnabledModule, account: str) -> Iterator[Case]:
    """Who gets tokens of the account: pods under the module's service account, and nothing else."""
    trusted = [
        body["member"]
        for _, body in project.stack.all("google_service_account_iam_member")
        if project.account(project.stack.resolve(body["service_account_id"])) == account
    ]
    pods = f"serviceAccount:{project.id}.svc.id.goog[{module.namespace}/{module.name}]"
    yield Case(module.name, f"acting as it by {trusted}", True, trusted == [pods])
    yield Case(module.name, "having a key", False, "google_service_account_key" in project.stack.document["resource"])
