"""The three clouds have the same layout: the same files, the same public names in them, the same guarantees checked.

A reader of `aws/database.py` finds Azure's counterpart. A helper of one module begins with an underscore; what several
modules of a cloud share in the cloud's own vocabulary is in `names`, `iam` and, for checks, `lookup`. Every other
difference is in OWN, with its reason.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.assurance.checks import of_cloud
from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.platform import Platform
from terrace.emulator import contract
from tests.conftest import ROOT

TERRACE = ROOT / "constructs" / "terrace"
CONSTRUCTS = sorted({path.stem for cloud in CLOUDS for path in (TERRACE / cloud).glob("*.py")})
CHECKS = sorted({path.stem for cloud in CLOUDS for path in (TERRACE / "assurance" / "checks" / cloud).glob("*.py")})

VOCABULARY = {
    "names": "how a cloud addresses resources: ARNs, resource ids, e-mail addresses",
    "iam": "how a cloud grants: policy documents, role assignments, bindings",
}
OWN = {
    ("aws", "identity", "KEY_VERBS"): "a policy on objects needs the use of their key too",
    ("aws", "identity", "lake_statements"): "rights on the lake are statements, for modules and for groups of people",
    ("aws", "identity", "through"): "a key is used through a service",
    ("aws", "people", "sign_in_trust"): "people assume a role, which trusts the role that they sign in with",
    ("azure", "existing", "PRIVATE_ZONES"): "a network is linked to one private DNS zone of a service's name",
    ("azure", "bucket", "account"): "flow logs need a storage account that is not a bucket of the lake",
    ("azure", "firewall", "private_path"): "capabilities built after the network add their own private endpoints",
    ("azure", "providers", "below"): "a lock is removed before one of the resources below it",
    ("azure", "flows", "INTERNET"): "security rules name the internet by a service tag",
    ("azure", "flows", "OutsideFlow"): "security rules name Azure's own services by service tags",
    ("azure", "flows", "SERVICE_FLOWS"): "security rules name Azure's own services by service tags",
    ("azure", "flows", "outside"): "a security group allows traffic to the outside by default",
    ("gcp", "flows", "ON_PREMISES_PORTS"): "no firewall rule applies to the endpoints of private connections",
    ("aws", "identity", "VERBS"): "a policy lists actions",
    ("gcp", "identity", "VERBS"): "a binding names a predefined role",
    (
        "azure",
        "lake",
        "MALWARE_SCAN_GB",
    ): "Defender has a limit of scanned uploads for the subscription and for an account",
    ("azure", "nodes", "default_pool"): "the system pool is part of the cluster",
    ("gcp", "nodes", "default_pool"): "a cluster is created with a pool, which the provider deletes",
    ("azure", "permissions", "ARM_TYPES"): "ids and actions name the Resource Manager's types",
    ("azure", "permissions", "Permissions"): "what the built-in roles allow too much of is a role of the environment",
    ("azure", "permissions", "SNAPSHOT_VOLUMES"): "the built-in role for snapshots may delete storage accounts",
    ("azure", "permissions", "CREATE_BLOBS"): "no built-in role creates blobs only",
    ("azure", "permissions", "WRITE_BLOBS"): "the built-in role for writing blobs may delete containers",
    ("azure", "permissions", "WRITE_STATE"): "the built-in role for writing blobs may delete containers",
    ("azure", "state", "CONTAINER"): "a storage account has containers",
    ("gcp", "firewall", "ALLOWED"): "a firewall rule has a priority among all rules of the network",
    ("gcp", "firewall", "may_pull"): "the nodes' service account pulls images, also that of an existing cluster",
    ("gcp", "firewall", "node_identity"): "a firewall rule names the nodes by their service account",
    ("azure", "ranges", "POD_RANGE"): "pods have an overlay beside the network",
    ("gcp", "ranges", "GOOGLE_APIS"): "routes and DNS name the addresses of Google's APIs",
    ("gcp", "ranges", "LOAD_BALANCERS"): "the load balancer is outside the network",
    ("aws", "permissions", "PASSED_TO"): "only AWS passes roles to services by name",
    ("aws", "providers", "recovery"): "a provider acts in one region; resources of the other clouds name theirs",
    ("azure", "providers", "Group"): "every resource is in a resource group, which is in another stack",
    ("azure", "providers", "home"): "every resource is in a resource group",
    ("azure", "providers", "make_groups"): "every resource is in a resource group, which the bootstrap makes",
    ("azure", "providers", "recovery"): "every resource is in a resource group, which is in one region",
    ("gcp", "providers", "service"): "a service (API) is enabled before its first resource",
    ("gcp", "secrets", "random_text"): "the kit generates the VPN's key; AWS and Azure generate it themselves",
    ("gcp", "secrets", "replication"): "a secret names its regions and keys; the VPN's key needs the same",
    ("gcp", "signals", "FILTERS"): "filters route logs to buckets, which other modules create",
    ("gcp", "signals", "RECORD"): "filters route logs to buckets, which other modules create",
}
"""(cloud, module, name) that the other clouds do not have, with the reason."""

OF_ITS_OWN_CLOUD = re.compile(r"(/|^)(aws|azure|gcp)(\.py|/)")
BY_CLOUD = {
    "capabilities/cloud.py": "the list of clouds itself",
    "environment/sizes.py": "machine types of each size",
    "environment/region_table.py": "regions by jurisdiction",
    "environment/regions.py": "region and zone names",
    "environment/naming.py": "limits on names",
    "environment/schema.py": "each cloud's settings",
}
"""Files that may hold a table by cloud."""


def public(path: Path) -> set[str]:
    """The public functions, classes and constants that a module defines."""
    return {name for name, _ in _defined(path) if not name.startswith("_")}


def _defined(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, statement
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        for target in (statement.target,) if isinstance(statement, ast.AnnAssign) else targets:
            yield from ((node.id, statement) for node in ast.walk(target) if isinstance(node, ast.Name))


def files(*within: str) -> dict[str, set[str]]:
    """The files in each cloud's folder below `within`."""
    return {cloud: {path.name for path in TERRACE.joinpath(*within, cloud).glob("*.py")} for cloud in CLOUDS}


@pytest.mark.parametrize("within", [(), ("assurance", "checks")], ids=["constructs", "checks"])
def test_the_folders_of_the_clouds_hold_the_same_files(within: tuple[str, ...]) -> None:
    names = files(*within)
    assert names["aws"] == names["azure"] == names["gcp"]


@pytest.mark.parametrize("module", CONSTRUCTS)
def test_a_module_has_the_same_public_names_on_each_cloud(module: str) -> None:
    names = {cloud: public(TERRACE / cloud / f"{module}.py") for cloud in CLOUDS}
    common = names["aws"] & names["azure"] & names["gcp"]
    if module not in VOCABULARY:
        own = {(cloud, module, name) for cloud in CLOUDS for name in names[cloud] - common}
        assert own == {entry for entry in OWN if entry[1] == module}


@pytest.mark.parametrize("module", [name for name in CONSTRUCTS if name not in VOCABULARY])
def test_shared_names_come_in_the_same_order_on_each_cloud(module: str) -> None:
    orders = []
    for cloud in CLOUDS:
        own = {name for on, at, name in OWN if (on, at) == (cloud, module)}
        names = dict.fromkeys(name for name, _ in _defined(TERRACE / cloud / f"{module}.py"))
        orders.append([name for name in names if not name.startswith("_") and name not in own])
    assert orders[0] == orders[1] == orders[2]


def test_each_platform_module_exports_exactly_the_contract() -> None:
    """`terrace.stacks.foundation` reaches a cloud only through its `platform` module."""
    contract_names = {name for name in vars(Platform) if not name.startswith("_")}
    for cloud in CLOUDS:
        path = TERRACE / cloud / "platform.py"
        imports = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
        assert {alias.name for node in imports for alias in node.names} == contract_names, cloud


def test_no_other_file_imports_a_cloud_by_name_or_lists_the_clouds() -> None:
    """`terrace.capabilities.cloud` is the one seam; a cloud's own folder or file may name its cloud."""
    folders = ("constructs/terrace", "stacks", "scripts", "benchmarks")
    offenders = []
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        file = str(path.relative_to(ROOT)).removeprefix("constructs/terrace/")
        if file in BY_CLOUD or OF_ITS_OWN_CLOUD.search(file):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
                constants = {item.value for item in ast.iter_child_nodes(node) if isinstance(item, ast.Constant)}
                if constants.issuperset(CLOUDS):
                    offenders.append(f"{file}:{node.lineno} lists the clouds")
            elif isinstance(node, ast.Call) and re.match(r"(\w+\.)*import_module\(.*cloud", ast.unparse(node)):
                offenders.append(f"{file}:{node.lineno} imports a cloud by name")
    assert offenders == []


@pytest.mark.parametrize("module", CHECKS)
def test_checks_of_a_capability_cover_the_same_guarantees_on_each_cloud(module: str) -> None:
    guarantees = {
        cloud: {check.guarantee for id, check in of_cloud(cloud).items() if id.split(".")[1] == module}
        for cloud in CLOUDS
    }
    assert guarantees["aws"] == guarantees["azure"] == guarantees["gcp"]


@pytest.mark.parametrize("module", [name for name in CHECKS if name != "lookup"])
def test_check_modules_share_the_same_helpers_on_each_cloud(module: str) -> None:
    helpers = {}
    for cloud in CLOUDS:
        path = TERRACE / "assurance" / "checks" / cloud / f"{module}.py"
        checks = {name for name, node in _defined(path) if isinstance(node, ast.FunctionDef) and node.decorator_list}
        helpers[cloud] = public(path) - checks
    assert helpers["aws"] == helpers["azure"] == helpers["gcp"]


def test_each_cloud_is_read_live_through_the_same_functions() -> None:
    names = {cloud: set(implementation("terrace.live", cloud).__all__) for cloud in CLOUDS}
    assert names["aws"] == names["azure"] == names["gcp"] != set()


def test_the_same_capabilities_are_read_live_on_each_cloud() -> None:
    checked = {f"{name}.py" for name in CHECKS} - {"lookup.py"}
    read = {cloud: names & checked for cloud, names in files("live").items()}
    assert read["aws"] == read["azure"] == read["gcp"] >= checked - {"hybrid.py"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_emulated_cloud_has_what_the_contract_lists(cloud: str) -> None:
    listed = re.findall(r"^- `(\w+)", inspect.getdoc(contract) or "", flags=re.MULTILINE)
    assert len(listed) > 5
    package = implementation("terrace.emulator", cloud)
    assert [name for name in listed if not hasattr(package, name)] == []
