"""An environment with a data product: the project's own files, with what the product declares merged in."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from terrace.capabilities.cloud import implementation
from terrace.capabilities.workloads import CloudWorkloads
from terrace.environment import load, target
from terrace.environment.schema import DataProduct
from terrace.errors import UsageError
from terrace.project.discovery import Project
from terrace.workloads import standins
from terrace.workloads.context import Context

EXAMPLE = "examples/data_product"
DECLARATIONS = "environment.yaml"


@dataclass(frozen=True)
class Product:
    """A data product in an environment. `folder` has its jobs and dbt project; `contract` is what its contract
    says; `foundation` says what was done to have the context's outputs, which are stand-ins at first."""

    declared: DataProduct
    folder: Path
    contract: dict[str, Any]
    context: Context
    foundation: str = "none: stand-ins"


def read(project: Project, environment: str, folder: Path, scratch: Path, cloud: str = "") -> Product:
    """The product in `folder`, in an environment on `cloud` or its own, whose files are copied to `scratch`.

    Raises UsageError for a folder without declarations, and what `load` raises.
    """
    declarations = folder / DECLARATIONS
    if not declarations.is_file():
        raise UsageError(f"no {DECLARATIONS}", where=str(folder), hint=f"copy one from {EXAMPLE}")
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(project.root / "environments", scratch / "environments")
    for name in ("policies", "modules", "stacks"):
        if (project.root / name).is_dir():
            shutil.copytree(project.root / name, scratch / name)
    (scratch / project.tools.name).symlink_to(project.tools)
    shutil.copytree(folder / "contracts", scratch / "contracts")
    shutil.copy(project.root / "cdktf.json", scratch)
    file = scratch / "environments" / f"{environment}.yaml"
    if not file.is_file():
        load(environment, project=project.root)  # says which environments there are
    own, added = yaml.load(file), yaml.load(declarations)
    with file.open("w", encoding="utf-8") as written:
        yaml.dump(_merged(own, added), written)
    loaded = load(environment, project=scratch, cloud=cloud or None).environment
    names = [one["name"] for one in added.get("data_products", [])]
    if len(names) != 1:
        raise UsageError(f"{len(names)} data products declared; expected one", where=str(declarations))
    declared = next(one for one in loaded.data_products if one.name == names[0])
    if not declared.contract:
        raise UsageError(f"the data product {declared.name} has no contract", where=str(declarations))
    place, cloud_code = target(loaded), cast(CloudWorkloads, implementation("terrace", loaded.cloud, "workloads"))
    outputs = standins.stand_ins(loaded, place)
    context = Context(loaded, place, outputs, cloud_code, scratch)
    return Product(declared, folder, yaml.load(scratch / declared.contract), context)


def _merged(own: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Mappings are merged by key; other values of `added` replace."""
    result = dict(own)
    for key, value in added.items():
        inner = result.get(key)
        result[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
