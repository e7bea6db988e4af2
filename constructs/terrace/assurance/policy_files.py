"""Where the policies of the kit and of a project are: the project's are a layer over the kit's."""

from pathlib import Path


def kit_path(name: str) -> Path:
    """A file or folder of the kit's policies: in the package of a wheel, or at the root of a checkout."""
    here = Path(__file__).resolve()
    packaged = here.with_name("policies") / name
    return packaged if packaged.exists() else here.parents[3] / "policies" / name


def policy_path(root: Path, name: str) -> Path:
    """The path of a policy file that a project replaces as a whole: the project's, else the kit's."""
    own = root / "policies" / name
    return own if own.exists() else kit_path(name)


def layers(root: Path, name: str) -> list[Path]:
    """The kit's file of policies, and the project's over it; the kit's own project has one file."""
    found = [path for path in (kit_path(name), root / "policies" / name) if path.exists()]
    return found[:1] if len(found) > 1 and found[0].samefile(found[1]) else found


def checkov_folders(root: Path) -> tuple[Path, ...]:
    """The kit's checks of checkov and the project's; only the project's if it has a file of each of the kit's names."""
    own, kit = root / "policies" / "checkov", kit_path("checkov")
    if not own.is_dir():
        return (kit,)
    replaced = {path.name for path in files(kit)} <= {path.name for path in files(own)}
    return (own,) if replaced else (kit, own)


def files(folder: Path) -> list[Path]:
    """The files of a folder of policies, also below it."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in (".yaml", ".yml", ".py"))


def shown(path: Path, root: Path) -> str:
    """A policy file as evidence names it: `policies/severity.yaml`, the kit's `terrace/policies/severity.yaml`."""
    own = root / "policies"
    if path.is_relative_to(own):
        return str(path.relative_to(root))
    parts = path.parts
    return "terrace/" + "/".join(parts[len(parts) - 1 - parts[::-1].index("policies") :])
