"""Who may do what on Azure: role assignments, who acts as an identity, and the logins of database and cache."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from terrace.assurance.access.azure.conditions import Narrowing, narrowing
from terrace.assurance.access.azure.resources import ANY, Resources, Scope, all_of, identity, whole
from terrace.assurance.access.azure.roles import PROBES, custom, others, verbs
from terrace.assurance.access.model import VERBS, Grant, Unknown, Verb
from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference, Resource, at
from terrace.authorization.azure.roles import BUILT_IN, GUIDS, Role
from terrace.azure import names

_AUDIENCE = "api://AzureADTokenExchange"
_PODS = "system:serviceaccount:"
SERVICES = {
    "azurerm_application_gateway": "cloud gateway",
    "azurerm_container_registry": "cloud registry",
    "azurerm_data_protection_backup_vault": "cloud backup",
    "azurerm_disk_encryption_set": "cloud disks",
    "azurerm_eventhub_namespace": "cloud streams",
    "azurerm_kubernetes_cluster": "cloud cluster",
    "azurerm_managed_redis": "cloud cache",
    "azurerm_postgresql_flexible_server": "cloud database",
    "azurerm_storage_account": "cloud storage",
}
"""Types of resources that act as an identity, to the service of the cloud."""


def read(stack: Subject, resources: Resources) -> Iterator[Grant | Unknown]:
    """Every right that the stack gives, and what is not understood of it."""
    reader = _Reader(stack, resources)
    for assignment in stack.view.all("azurerm_role_assignment"):
        yield from reader.assignment(assignment)
    for credential in stack.view.all("azurerm_federated_identity_credential"):
        yield reader.trust(credential)
    yield from reader.attached()
    yield from reader.logins()
    yield from reader.beside_roles()
    yield from reader.copies()


@dataclass(frozen=True)
class _Reader:
    stack: Subject
    resources: Resources

    def principal(self, value: object) -> str:
        """The principal of an object id, or of a reference to one."""
        settings = names.settings(self.stack.target)
        if isinstance(value, Reference):
            holder = self.stack.view.target(value)
            if holder is None:
                return f"foreign {value}"
            if holder.type == "azurerm_user_assigned_identity":
                return identity(holder)
            if holder.path == "backup/vault":
                return "service backup"
            return f"service {holder.path.rpartition('/')[2] if holder.path.startswith('cost/') else holder}"
        if value == settings.admin_group_id:
            return "people admin"
        for group, id in settings.groups.items():
            if value == id:
                return f"group {group}"
        cluster = self.stack.target.existing.cluster
        if cluster and value == cluster.nodes:
            return "nodes"
        if settings.deployer_id and value == settings.deployer_id:
            return "people deployer"
        return f"foreign {value or 'of no id'}"

    def assignment(self, assignment: Resource) -> Iterator[Grant | Unknown]:
        """The rights of a role assignment."""
        principal, where = self.principal(assignment.get("principal_id")), str(assignment)
        narrowed = narrowing(assignment.get("condition"), self.stack.target)
        if not narrowed.understood:
            yield Unknown(f"a condition of the rights of {principal} has an unknown form", where)
        scope = self.resources.scope(assignment.get("scope"))
        for name, role, by in self._roles(assignment):
            if role is None:
                yield Unknown(f"the role of {principal}, {name}, is not in the table of roles", where)
                continue
            rights = list(_rights(role, scope, narrowed))
            yield from (Grant(principal, verb, object, (*by, where)) for verb, object in rights)
            if not rights:
                yield Unknown(f"the role of {principal}, {name}, has no right that the model knows on its scope", where)

    def _roles(self, assignment: Resource) -> Iterator[tuple[str, Role | None, tuple[str, ...]]]:
        """The role that an assignment names by id, and the one that it names by name, if they differ."""
        id, name = assignment.get("role_definition_id"), assignment.get("role_definition_name")
        definition = self.stack.view.target(id)
        if definition is not None:
            yield str(definition), custom(definition.blocks("permissions")), (str(definition),)
            if name is None or name == definition.get("name"):
                return
        by_id = GUIDS.get(str(id).rpartition("/")[2].lower(), str(id))
        for one in dict.fromkeys([*([str(name)] if name else []), *([by_id] if id and definition is None else [])]):
            yield one, BUILT_IN.get(one), ()
        if not name and not id:
            yield "no role", None, ()

    def trust(self, credential: Resource) -> Grant:
        """Who acts as an identity with a token of another issuer."""
        issuer, subject = credential.get("issuer"), str(credential.get("subject"))
        holder = self.resources.at(credential.get("user_assigned_identity_id"))
        cluster = self.stack.view.target(issuer)
        if credential.get("audience") != [_AUDIENCE]:
            who = f"foreign {subject} of {issuer} with another audience"
        elif cluster is not None and cluster.type == "azurerm_kubernetes_cluster" and subject.startswith(_PODS):
            who = f"pods {subject.removeprefix(_PODS).replace(':', '/')}"
        elif issuer == self.stack.environment.identity.issuer:
            who = f"workflow {subject}"
        else:
            who = f"foreign {subject} of {issuer}"
        act = identity(holder) if holder is not None else f"unknown {credential.get('user_assigned_identity_id')}"
        return Grant(who, "assume", f"identities/{act}", (str(credential),))

    def attached(self) -> Iterator[Grant]:
        """Resources that act as an identity of the stack."""
        for resource in self.stack.view:
            ids = resource.get("identity.identity_ids") or []
            service = SERVICES.get(resource.type, f"cloud {resource.type}")
            for id in ids if isinstance(ids, list) else [ids]:
                yield self._acts(service, id, resource)
            if kubelet := resource.get("kubelet_identity.user_assigned_identity_id"):
                yield self._acts("nodes", kubelet, resource)

    def _acts(self, who: str, id: object, by: Resource) -> Grant:
        holder = self.resources.at(id)
        act = identity(holder) if holder is not None else f"foreign {id}"
        return Grant(who, "assume", f"identities/{act}", (str(by),))

    def logins(self) -> Iterator[Grant]:
        """Logins of the database and the cache. The bootstrap job creates a database role for each module of the
        output `database.roles`, for the identity that it names."""
        tenant = names.settings(self.stack.target).tenant_id
        for one in self.stack.view.all("azurerm_postgresql_flexible_server_active_directory_administrator"):
            who = self.principal(one.get("object_id"))
            if one.get("tenant_id", tenant) != tenant:
                who = f"foreign {who} of another tenant"
            yield Grant(who, "connect", "database/admin", (str(one),))
        for one in self.stack.view.all("azurerm_managed_redis_access_policy_assignment"):
            who = self.principal(one.get("object_id"))
            yield Grant(
                who, "connect", f"cache/{who.partition(' ')[2] if who.startswith('module ') else '*'}", (str(one),)
            )
        identities = {one.get("name"): one for one in self.stack.view.all("azurerm_user_assigned_identity")}
        roles = at(self.stack.view.document, "output.database.value.roles", {})
        for module, name in roles.items():
            holder = identities.get(name)
            who = identity(holder) if holder is not None else f"foreign {name}"
            yield Grant(who, "connect", f"database/{module}", (str(holder),) if holder is not None else ())

    def beside_roles(self) -> Iterator[Grant | Unknown]:
        """Access policies of vaults and local users of accounts, which bypass role assignments."""
        for policy in self.stack.view.all("azurerm_key_vault_access_policy"):
            who = self.principal(policy.get("object_id"))
            for name, verb, kind in (
                ("secret_permissions", "read-secret", "secrets"),
                ("key_permissions", "decrypt", "keys"),
                ("certificate_permissions", "operate", "certificates"),
            ):
                if policy.get(name):
                    yield Grant(who, _verb(verb), f"{kind}/vault", (str(policy),))
        for user in self.stack.view.all("azurerm_storage_account_local_user"):
            account = self.resources.at(user.get("storage_account_id"))
            name = account.path.split("/")[1] if account is not None else "unknown"
            for word in ("read-data", "write-data"):
                yield Grant(f"foreign local user {user.get('name')}", _verb(word), f"lake/{name}", (str(user),))

    def copies(self) -> Iterator[Grant]:
        """Accounts that receive the objects of another one. The environment's own copies are checked by LAKE-5."""
        for copy in self.stack.view.all("azurerm_storage_object_replication"):
            source = self.resources.at(copy.get("source_storage_account_id"))
            destination = self.resources.at(copy.get("destination_storage_account_id"))
            layer = source.path.split("/")[1] if source is not None else "unknown"
            expected = f"lake/{layer}-recovery/account"
            if destination is None or destination.path != expected:
                who = f"foreign {copy.get('destination_storage_account_id')}"
                yield Grant(
                    f"cloud storage {destination.path}" if destination is not None else who,
                    "read-data",
                    f"lake/{layer}",
                    (str(copy),),
                )


def _verb(word: str) -> Verb:
    return next(verb for verb in VERBS if verb == word)


def _rights(role: Role, scope: Scope, narrowed: Narrowing) -> Iterator[tuple[Verb, str]]:
    """The verbs of a role on the objects of a scope."""
    allowed = verbs(role)
    changes_all = role.allows("Microsoft.Unlisted/things/write")
    if changes_all and allowed["roles"] and not narrowed.unprivileged:
        yield from (("administer", object) for object in (scope.objects or {"": whole(scope.site)}).values())
        return
    found: set[tuple[Verb, str]] = {("operate", f"other/{provider}") for provider in others(role)}
    if scope.objects is not None:
        for kind, object in scope.objects.items():
            for verb in allowed.get(kind, frozenset()):
                parts = _folders(role, kind, verb, object, narrowed) or [""]
                found |= {(verb, f"{object}{part}{_part(role, kind, verb)}") for part in parts}
            if allowed["roles"] or allowed["policies"]:
                found.add(("change-policy", object))
    else:
        found |= _on_site(role, allowed, scope.site, narrowed)
        if role.allows("Microsoft.Unlisted/things/read") and not changes_all:
            found.add(("view", "account" if scope.site == ANY else whole(scope.site)))
    administered = {object for verb, object in found if verb == "administer"}
    changed = tuple(f"{object}/" for verb, object in found if verb != "view")  # also a part of what is viewed
    for verb, object in sorted(found):
        viewed_only = not any(one.startswith(f"{object}/") for one in changed)
        if (verb == "administer" or object not in administered) and (verb != "view" or viewed_only):
            yield verb, object


def _folders(role: Role, kind: str, verb: Verb, container: str, narrowed: Narrowing) -> list[str]:
    """The folders of a container that a verb on data is limited to, each as `/FOLDER`; none for the whole of it."""
    if kind != "lake" or verb not in ("read-data", "write-data") or container.endswith("/*"):
        return []
    return [f"/{folder}" for folder in sorted(narrowed.within(_on_blobs(role, verb)))]


def _on_blobs(role: Role, verb: Verb) -> list[str]:
    """The actions of a role on blobs that a verb is about."""
    return [action.removeprefix("data ") for action in PROBES["lake"][verb] if role.allows(action)]


def _part(role: Role, kind: str, verb: Verb) -> str:
    """Whether a role lacks the first of the actions that a verb on data needs: it may delete, but not write."""
    lacks = kind == "lake" and verb == "write-data" and not role.allows(PROBES[kind][verb][0])
    return " in part" if lacks else ""


def _on_site(
    role: Role, allowed: Mapping[str, frozenset[Verb]], site: str, narrowed: Narrowing
) -> set[tuple[Verb, str]]:
    """Verbs on all resources of a site: on the whole of it, if every kind that has the verb is included. Reading single
    kinds is left out beside other rights."""
    found: set[tuple[Verb, str]] = set()
    for verb in VERBS:
        able = [kind for kind in PROBES if verb in allowed[kind]]
        every = [kind for kind, probes in PROBES.items() if verb in probes]
        if able == every and len(every) > 1:
            found.add((verb, whole(site)))
        else:
            found |= {(verb, _object(role, kind, verb, site, narrowed)) for kind in able}
    changes = {one for one in found if one[0] != "view"}
    return changes or found


def _object(role: Role, kind: str, verb: Verb, site: str, narrowed: Narrowing) -> str:
    """All objects of a kind in a site, as far as the condition of the assignment does not narrow them."""
    if kind == "lake" and verb in ("read-data", "write-data") and (limit := narrowed.limit(_on_blobs(role, verb))):
        return limit
    return f"{all_of(kind, site)} unprivileged" if kind == "roles" and narrowed.unprivileged else all_of(kind, site)
