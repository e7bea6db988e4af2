"""Move what modules need from environment files to the modules' folders (`terrace env migrate`).

Only the lines of the moved keys change, so comments and formatting stay as they are. Nothing is written unless all
files of a run can be changed without a loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.capabilities.lake import ALIASES
from terrace.documents.document import plain
from terrace.documents.parsing import parse
from terrace.documents.reading import read
from terrace.documents.removal import without_keys
from terrace.environment import moved
from terrace.environment.loading import DIRECTORY, merge, names
from terrace.errors import AnswerIsNo

MODULES = "modules"
PLACEHOLDER = "CHANGEME"
_DESCRIPTION = ("summary", "category", "home", "licence", "version")


@dataclass(frozen=True)
class Change:
    """A file to write. `note` says what changes in it; `old` is None for a new file."""

    path: Path
    shown: str
    old: str | None
    new: str
    note: str


def changes(project: Path, environments: Sequence[str] = ()) -> list[Change]:
    """The files to write so that the given environments, or all, declare no needs; empty when none does.

    Raises AnswerIsNo when environments or the module's folder disagree about a module, InvalidEnvironment when a file
    cannot be read.
    """
    directory = project / DIRECTORY
    chosen = list(environments) or names(project)
    files = {Path(shown).name for name in chosen for shown in _files(name, project)}
    rewritten = [
        change for file in sorted(files) if (change := _without_needs(directory / file, f"{DIRECTORY}/{file}"))
    ]
    if not rewritten:
        return []
    written = {change.path.name for change in rewritten}
    # An environment that extends a file to rewrite loses needs too, so its needs count even if it was not named.
    affected = [name for name in names(project) if written & {Path(shown).name for shown in _files(name, project)}]
    needs = _agreed({name: _needs(name, project) for name in affected}, project)
    created = [change for module, each in needs.items() if each for change in _module_changes(project, module, each)]
    return created + rewritten


def write(planned: Sequence[Change]) -> None:
    """Write the files: modules first, so that an interrupted run loses nothing."""
    for change in planned:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        change.path.write_text(change.new, encoding="utf-8")


def placeholders(planned: Sequence[Change]) -> list[str]:
    """The new files that a person must complete."""
    return [change.shown for change in planned if change.old is None]


def _files(environment: str, project: Path) -> list[str]:
    """The environment's own file and those that it extends, without the account file."""
    return [file for file in merge(environment, project=project).files if Path(file).parent.name == DIRECTORY]


def _needs(environment: str, project: Path) -> dict[str, dict[str, Any]]:
    """Module to the needs that the merged environment declares, as the contract of a module writes them."""
    return {name: _converted(module) for name, module in _modules(plain(merge(environment, project=project).root))}


def _converted(module: Mapping[str, Any]) -> dict[str, Any]:
    needs: dict[str, Any] = {}
    if module.get("database"):
        needs["database"] = {}
    if module.get("cache"):
        needs["cache"] = True
    if lake := module.get("lake"):
        needs["lake"] = {str(ALIASES.get(layer, layer)): access for layer, access in lake.items()}
    return needs


def _agreed(by_environment: Mapping[str, Mapping[str, dict[str, Any]]], project: Path) -> dict[str, dict[str, Any]]:
    """Module to its needs, which are the same in every environment."""
    agreed: dict[str, tuple[str, dict[str, Any]]] = {}
    for environment, modules in by_environment.items():
        for module, needs in modules.items():
            if not needs and (project / MODULES / module / "module.yaml").exists():
                continue  # this environment already relies on the module's folder
            first, expected = agreed.setdefault(module, (environment, needs))
            if needs != expected:
                raise AnswerIsNo(
                    f"{first} and {environment} declare different needs of {module}; a module has the same needs in"
                    " every environment",
                    where=f"modules.{module}",
                    hint="make them equal, or use two modules",
                )
    return {module: needs for module, (_, needs) in agreed.items()}


def _module_changes(project: Path, module: str, needs: dict[str, Any]) -> Iterator[Change]:
    """The files to create; none if the module declares these needs. Raises AnswerIsNo if it declares others."""
    path = project / MODULES / module / "module.yaml"
    shown = f"{MODULES}/{module}/module.yaml"
    if not path.exists():
        readme = path.with_name("README.md")
        yield Change(path, shown, None, _module_text(module, needs), f"new, with the needs of {module}")
        if not readme.exists():
            yield Change(readme, f"{MODULES}/{module}/{readme.name}", None, _readme(module), "new")
        return
    declared = plain(read(path, shown).root).get("needs") or {}
    if _comparable(declared) == _comparable(needs):
        return
    raise AnswerIsNo(
        f"{module} declares other needs than the environments", where=shown, hint=f"set needs to {_flow(needs)}"
    )


def _comparable(needs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "database": needs.get("database") is not None,
        "cache": bool(needs.get("cache")),
        "lake": {ALIASES.get(layer, layer): access for layer, access in (needs.get("lake") or {}).items()},
    }


def _module_text(module: str, needs: dict[str, Any]) -> str:
    described = "".join(f"{key}: {PLACEHOLDER}\n" for key in _DESCRIPTION)
    lines = "".join(f"  {key}: {_flow(value)}\n" for key, value in needs.items())
    return f"# {module}: replace each {PLACEHOLDER}\n{described}needs:\n{lines}"


def _readme(module: str) -> str:
    return f"# {module}\n\n{PLACEHOLDER}: what it is, how to log in, how to operate it, how to upgrade it.\n"


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    return "true" if value is True else str(value)


def _without_needs(path: Path, shown: str) -> Change | None:
    """The file without the keys that moved; None if it has none. Raises AnswerIsNo if they cannot be removed alone."""
    root = read(path, shown).root
    keys = [(problem.path.split(".")[1], problem.path.split(".")[2]) for problem in moved.problems(root)]
    if not keys:
        return None
    expected = plain(root)
    for _, module in _modules(expected):
        for key in moved.NEEDS:
            module.pop(key, None)
    old = path.read_bytes().decode("utf-8")
    try:
        new = without_keys(old, keys)
        unharmed = plain(parse(new, shown).root) == expected
    except (ValueError, AnswerIsNo):
        unharmed = False
    if not unharmed:
        raise AnswerIsNo(
            f"{', '.join('.'.join(('modules', *key)) for key in keys)} cannot be removed automatically",
            where=shown,
            hint="remove them by hand, and their anchors, aliases and comments",
        )
    return Change(path, shown, old, new, f"without {', '.join('.'.join(('modules', *key)) for key in keys)}")


def _modules(document: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    modules = document.get("modules")
    return [(n, m) for n, m in modules.items() if isinstance(m, dict)] if isinstance(modules, dict) else []
