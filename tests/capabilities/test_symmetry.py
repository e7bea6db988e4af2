"""The clouds are alike: the same files, the same names in each, the same guarantees proven in each.

Whoever knows `aws/database.py` finds Azure's and what it offers without a search. A helper of one module begins with an
underscore; what several modules of a cloud need in its own words stands in `names`, `iam` and, for checks, `lookup`.
What else differs is listed here, each with its reason, and nowhere else.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.assurance.checks import of_cloud
from terrace.capabilities.cloud import Cloud
from terrace.emulator import contract
from tests.conftest import ROOT

CLOUDS = ("aws", "azure", "gcp")
TERRACE = ROOT / "constructs" / "terrace"
CONSTRUCTS = sorted({path.stem for cloud in CLOUDS for path in (TERRACE / cloud).glob("*.py")})
CHECKS = sorted({path.stem for cloud in CLOUDS for path in (TERRACE / "assurance" / "checks" / cloud).glob("*.py")})

VOCABULARY = {
    "names": "how a cloud addresses things: ARNs, resource ids, e-mail addresses",
    "iam": "how a cloud grants: policy documents, role assignments, bindings",
}
OWN = {
    ("azure", "bucket", "account"): "flow logs want a storage account that is no bucket of the lake",
    ("azure", "openings", "private_path"): "what is made after the network makes its own way into it",
    ("gcp", "openings", "ALLOWED"): "a firewall rule of Google's has a priority among all of the network's",
    ("gcp", "openings", "GOOGLE_APIS"): "Google's own services have addresses, which routes and DNS have to name",
    ("aws", "permissions", "PASSED_TO"): "on AWS alone, roles are passed to services by name",
    ("aws", "providers", "recovery"): "a provider acts in one region; Google's and Azure's resources name theirs",
    ("azure", "providers", "home"): "everything on Azure is in a resource group",
    (
        "azure",
        "providers",
        "recovery",
    ): "everything on Azure is in a resource group, and those of a region in one there",
    ("gcp", "providers", "service"): "a service of Google's is switched on before its first resource",
    ("gcp", "secrets", "random_text"): "the link's key is made here; AWS makes its own, Azure's gateway is given one",
    ("gcp", "secrets", "replication"): "a secret of Google's names its regions and keys itself, the link's as well",
    ("gcp", "signals", "FILTERS"): "logs are led to their buckets by filters, which the buckets' makers need",
    ("gcp", "signals", "RECORD"): "logs are led to their buckets by filters, which the record's makers need",
}
"""(cloud, module, name) that the other clouds do not have, and why."""


def public(path: Path) -> set[str]:
    """The names that a module defines and offers: functions, classes, constants without an underscore."""
    return {name for name, _ in _defined(path) if not name.startswith("_")}


def _defined(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, statement
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        for target in (statement.target,) if isinstance(statement, ast.AnnAssign) else targets:
            yield from ((node.id, statement) for node in ast.walk(target) if isinstance(node, ast.Name))


def files(*within: str) -> dict[str, set[str]]:
    """The files of each cloud's folder; `within` leads to it."""
    return {cloud: {path.name for path in TERRACE.joinpath(*within, cloud).glob("*.py")} for cloud in CLOUDS}


@pytest.mark.parametrize("within", [(), ("assurance", "checks")], ids=["constructs", "checks"])
def test_the_folders_hold_the_same_files(within: tuple[str, ...]) -> None:
    found = files(*within)
    assert found["aws"] == found["azure"] == found["gcp"]


@pytest.mark.parametrize("module", CONSTRUCTS)
def test_a_module_offers_the_same_on_each_cloud(module: str) -> None:
    offered = {cloud: public(TERRACE / cloud / f"{module}.py") for cloud in CLOUDS}
    common = offered["aws"] & offered["azure"] & offered["gcp"]
    if module not in VOCABULARY:
        alone = {(cloud, module, name) for cloud in CLOUDS for name in offered[cloud] - common}
        assert alone == {place for place in OWN if place[1] == module}


def test_a_platform_is_what_the_contract_says() -> None:
    """`stacks/foundation.py` reaches a cloud through its `platform` alone, which imports what it offers."""
    promised = {name for name in vars(Cloud) if not name.startswith("_")} | set(Cloud.__annotations__)
    for cloud in CLOUDS:
        path = TERRACE / cloud / "platform.py"
        imports = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
        assert {alias.name for node in imports for alias in node.names} == promised, cloud


@pytest.mark.parametrize("module", CHECKS)
def test_checks_of_a_capability_prove_the_same_guarantees(module: str) -> None:
    proven = {
        cloud: {check.guarantee for id, check in of_cloud(cloud).items() if id.split(".")[1] == module}
        for cloud in CLOUDS
    }
    assert proven["aws"] == proven["azure"] == proven["gcp"]


@pytest.mark.parametrize("module", [name for name in CHECKS if name != "lookup"])
def test_what_checks_offer_each_other_is_the_same_on_each_cloud(module: str) -> None:
    offered = {}
    for cloud in CLOUDS:
        path = TERRACE / "assurance" / "checks" / cloud / f"{module}.py"
        judges = {name for name, made in _defined(path) if isinstance(made, ast.FunctionDef) and made.decorator_list}
        offered[cloud] = public(path) - judges
    assert offered["aws"] == offered["azure"] == offered["gcp"]


def test_each_cloud_is_read_live_by_the_same_functions() -> None:
    offered = {cloud: set(importlib.import_module(f"terrace.live.{cloud}").__all__) for cloud in CLOUDS}
    assert offered["aws"] == offered["azure"] == offered["gcp"] != set()


def test_the_same_capabilities_are_read_live_on_each_cloud() -> None:
    checked = {f"{name}.py" for name in CHECKS} - {"lookup.py"}
    found = {cloud: names & checked for cloud, names in files("live").items()}
    assert found["aws"] == found["azure"] == found["gcp"] >= checked - {"hybrid.py"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_emulated_cloud_brings_what_the_contract_says(cloud: str) -> None:
    promised = re.findall(r"^- `(\w+)", inspect.getdoc(contract) or "", flags=re.MULTILINE)
    assert len(promised) > 5
    package = importlib.import_module(f"terrace.emulator.{cloud}")
    assert [name for name in promised if not hasattr(package, name)] == []
