"""The policies of `policies/kyverno` and the rules of `policies/falco`, rendered for one environment.

A parameter of a policy (annotation `terrace.dev/parameters`) is a variable with a literal value: rendering parses the
policy, replaces the variable's expression, and writes the policy again. dev audits; staging and prod deny.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from terrace.capabilities.cloud import facts
from terrace.capabilities.registry import SignaturesSpec
from terrace.capabilities.target import Tier
from terrace.errors import TerraceError
from terrace.modules.enabled import EnabledModule
from terrace.workloads import bootstrap, exceptions
from terrace.workloads.context import Context, Object
from terrace.workloads.release import WIRING, Release

NAME = "policies"
SIGNED = "images-signed"
"""The policy that verifies signatures."""
PARAMETERS = "terrace.dev/parameters"
KUBERNETES_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")
"""Namespaces of Kubernetes itself."""
GATEWAY_RULE = "gateway"
"""The firewall rule of the public entry: the only one by which a Service may be exposed."""
_VALIDATING = ("ValidatingPolicy", "ImageValidatingPolicy")
_DATA_SERVICES = ("sql", "topics", "search", "catalogue")
_METADATA_SERVICE = "169.254.169.254/32"


@dataclass(frozen=True)
class Parameters:
    """What policies know about an environment.

    `repositories` are prefixes of the environment's own images, `registries` those of other images that its modules
    pull; each has a final slash.
    """

    tier: Tier
    repositories: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    firewall_rules: tuple[str, ...] = ()
    signatures: SignaturesSpec | None = None
    excluded_namespaces: tuple[str, ...] = KUBERNETES_NAMESPACES

    @property
    def actions(self) -> list[str]:
        """What happens to an object that violates a policy."""
        return ["Audit"] if self.tier == "dev" else ["Deny"]


def release(context: Context) -> Release | None:
    """The release with all policies, after the module that provides admission; None without such a module.

    It contains the policy exceptions of that module and of those before it, whose own releases are too early for them.
    """
    provider = context.provider("admission")
    if provider is None:
        return None
    labels = context.labels(provider)
    objects = [labelled(policy, labels) for policy in rendered(context.root, parameters(context))]
    objects += exceptions.deferred(context)
    return Release(NAME, provider.namespace, provider.name, WIRING, {"objects": objects}, after=(provider.name,))


def parameters(context: Context) -> Parameters:
    """The parameters of an environment's policies."""
    environment = context.environment
    return Parameters(
        tier=environment.tier,
        repositories=repositories(context),
        registries=registries(context),
        firewall_rules=(GATEWAY_RULE,) if context.provider("gateway") else (),
        signatures=environment.registry.signatures,
        excluded_namespaces=excluded_namespaces(environment.cloud),
    )


def repositories(context: Context) -> tuple[str, ...]:
    """The prefixes of the images in the environment's private registry."""
    addresses = context.outputs.repositories.values()
    return tuple(sorted({f"{address.rpartition('/')[0] or address}/" for address in addresses}))


def registries(context: Context) -> tuple[str, ...]:
    """The registries of the images of the enabled modules and of the database's bootstrap, each with a final slash."""
    images = [image for module in context.modules.values() for image in module.contract.images]
    if any(module.needs.database for module in context.modules.values()):
        images += bootstrap.IMAGES
    return tuple(sorted({f"{image.repository.partition('/')[0]}/" for image in images}))


def excluded_namespaces(cloud: str) -> tuple[str, ...]:
    """The namespaces to which no policy applies: what runs there belongs to Kubernetes or to the cloud."""
    return (*KUBERNETES_NAMESPACES, *facts(cloud).system_namespaces)


def rendered(root: Path, given: Parameters) -> list[Object]:
    """All policies of a project for an environment, by name. Raises TerraceError for one that cannot be rendered."""
    policies = [policy for policy in read(root) if given.signatures or not _verifies_signatures(policy)]
    return [for_environment(policy, given) for policy in policies]


def read(root: Path) -> list[Object]:
    """The policies of a project as their files have them, by name."""
    folder = source(root, "kyverno")
    return [_policy(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*/policy.yaml"))]


@lru_cache(maxsize=256)
def _policy(path: Path, _modified: int) -> Object:
    """A policy, which the caller must not change."""
    found: Object = _loaded(path)
    return found


def for_environment(policy: Object, given: Parameters) -> Object:
    """One policy with the environment's parameters, actions and excluded namespaces."""
    result = copy.deepcopy(policy)
    name, spec = result["metadata"]["name"], result["spec"]
    values: dict[str, str | list[str]] = {
        "registries": [*given.repositories, *given.registries],
        "tier": given.tier,
        "firewall_rules": list(given.firewall_rules),
    }
    for parameter in parameters_of(policy):
        if parameter == "signatures":
            _set_signatures(spec, given)
            continue
        variable = next((one for one in spec.get("variables", []) if one["name"] == parameter), None)
        if variable is None or parameter not in values:
            raise TerraceError(
                f"the parameter {parameter!r} of the policy {name} is unknown",
                hint=f"a parameter is one of {', '.join((*values, 'signatures'))}, and a variable of the policy",
            )
        variable["expression"] = literal(values[parameter])
    if result["kind"] in _VALIDATING:
        spec["validationActions"] = given.actions
    selector = spec["matchConstraints"].setdefault("namespaceSelector", {})
    selector.setdefault("matchExpressions", []).append(outside(given.excluded_namespaces))
    return result


def outside(namespaces: Iterable[str]) -> Object:
    """The requirement of a namespace selector that leaves out namespaces by name."""
    return {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": list(namespaces)}


def literal(value: str | list[str]) -> str:
    """A text or a list of texts as a CEL literal."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def labelled(policy: Object, labels: Mapping[str, str]) -> Object:
    """A policy with labels."""
    return {**policy, "metadata": {**policy["metadata"], "labels": dict(labels)}}


def falco_rules(context: Context, *, audit: bool = False) -> dict[str, str]:
    """Falco's rules for an environment: file name to content, in the order in which Falco reads them.

    20-modules.yaml replaces the items of lists with what the enabled modules declare. `audit` adds the rules over the
    audit log of the Kubernetes API, which need an audit plugin.
    """
    folder = source(context.root, "falco")
    texts = {name: (folder / f"{name}.yaml").read_text(encoding="utf-8") for name in ("lists", "rules", "audit-rules")}
    filled = [
        {"list": name, "items": items, "override": {"items": "replace"}} for name, items in falco_lists(context).items()
    ]
    files = {"10-lists.yaml": texts["lists"], "20-modules.yaml": dumped([filled]), "30-rules.yaml": texts["rules"]}
    return files | ({"40-audit-rules.yaml": texts["audit-rules"]} if audit else {})


def falco_lists(context: Context) -> dict[str, list[str]]:
    """The items of Falco's lists that follow from the modules and the cloud; other lists have the items of the file."""
    modules = list(context.modules.values())
    metadata = any(one.cidr == _METADATA_SERVICE for one in context.cloud.METADATA)
    system = excluded_namespaces(context.environment.cloud)
    return {
        "data_service_images": _images(one for one in modules if set(one.contract.provides) & set(_DATA_SERVICES)),
        "database_job_images": sorted(
            {*_images(one for one in modules if one.contract.category == "transformation"), bootstrap.PSQL.repository}
        ),
        "database_dump_images": [],  # no module dumps a database: the cloud makes the backups
        "metadata_service_namespaces": sorted(
            {*system, *(one.namespace for one in modules if metadata and (one.in_foundation or one.needs.identities))}
        ),
        "package_manager_namespaces": sorted(
            {one.namespace for one in modules if one.contract.category == "notebooks"}
        ),
        "node_agent_namespaces": sorted(
            {*system, *(one.namespace for one in modules if one.contract.pod_security == "privileged")}
        ),
    }


def dumped(documents: Sequence[Any]) -> str:
    """Documents as one YAML file."""
    stream = StringIO()
    writer = YAML()
    writer.width = 120
    writer.explicit_start = len(documents) > 1
    writer.dump_all(documents, stream)
    return stream.getvalue()


def source(root: Path, name: str) -> Path:
    """The folder of policies of a name: the project's, else Terrace's own. Raises TerraceError if there is none."""
    here = Path(__file__).resolve()
    candidates = [
        root / "policies" / name, here.parents[3] / "policies" / name, here.parents[1] / "assurance/policies" / name
    ]  # fmt: skip
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise TerraceError("the folder of policies is missing", where=str(candidates[0]), hint="a checkout has it")


def _verifies_signatures(policy: Object) -> bool:
    return bool(policy["kind"] == "ImageValidatingPolicy")


def _set_signatures(spec: Object, given: Parameters) -> None:
    """The keys of the environment as attestors, one of which has to have signed."""
    assert given.signatures is not None, "rendered leaves the policy out"
    (attestor,) = spec["attestors"]
    attestors = []
    for number, key in enumerate(given.signatures.keys, start=1):
        one = copy.deepcopy(attestor)
        one["name"] = f"platform{number}"
        one["cosign"]["key"]["data"] = key
        if not given.signatures.transparency_log:
            one["cosign"]["ctlog"] = {"insecureIgnoreTlog": True}
        attestors.append(one)
    spec["attestors"] = attestors
    globs = given.signatures.images or tuple(f"{prefix}*" for prefix in given.repositories)
    spec["matchImageReferences"] = [{"glob": glob} for glob in globs]
    named = ", ".join(f"attestors.{one['name']}" for one in attestors)
    for validation in spec["validations"]:
        validation["expression"] = validation["expression"].replace(f"attestors.{attestor['name']}", named)


def _images(modules: Iterable[EnabledModule]) -> list[str]:
    return sorted({image.repository for module in modules for image in module.contract.images})


def _loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def parameters_of(policy: Object) -> Iterator[str]:
    """The names of a policy's parameters."""
    yield from filter(None, policy["metadata"].get("annotations", {}).get(PARAMETERS, "").split(","))
