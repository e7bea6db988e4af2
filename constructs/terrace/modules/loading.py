"""Find the folders of modules, and load them: types, rules, and problems with file, line and column."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from terrace.documents import messages
from terrace.documents.document import Node, along, complete, plain
from terrace.documents.reading import read
from terrace.errors import InvalidFile, InvalidModules, Problem
from terrace.modules import files, rules
from terrace.modules.contract import Module

FILE = "module.yaml"
ENTRY_POINTS = "terrace.modules"
"""The group of entry points with which a Python distribution adds modules: a function without arguments that returns a
folder, or a package whose folder holds modules."""


@dataclass(frozen=True)
class LoadedModule:
    """A valid module. `root` has the position of each key of module.yaml; `shown` is the folder as messages name it."""

    name: str
    contract: Module
    folder: Path
    root: Node
    shown: str

    def where(self, *path: str) -> str:
        """`file:line:column` of a key, or of its nearest ancestor that is set."""
        return along(self.root, path)[-1].where


def bundled() -> Path:
    """The folder of the modules that come with Terrace: in the package, or `modules/` of a checkout."""
    packaged = Path(__file__).with_name("bundled")
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "modules"


def folders(project: Path, modules_from: Sequence[str] = ()) -> dict[str, Path]:
    """The folder of each module that an environment may enable, by name.

    Modules are in `modules/` of the project, in the folders of `modules_from` (relative to the project), in installed
    distributions with an entry point, and in Terrace. The project's own replace those of Terrace; otherwise, a name in
    two folders is an error. Raises InvalidModules; a problem's path is `modules_from...` where it is that setting's.
    """
    problems: list[Problem] = []
    found = _inside(project / "modules")
    for position, name in enumerate(modules_from):
        folder = project / name
        if not folder.is_dir():
            hint = "Name a folder that holds folders of modules, relative to the project."
            problems.append(Problem(f"folder {name!r} does not exist.", path=f"modules_from.{position}", hint=hint))
            continue
        problems += _added(found, _inside(folder), project, f"modules_from.{position}")
    for source, folder_or_problem in _entry_points():
        if isinstance(folder_or_problem, Problem):
            problems.append(folder_or_problem)
        else:
            problems += _added(found, _inside(folder_or_problem), project, "", source)
    own = {name for name, folder in found.items() if folder.parent == project / "modules"}
    ours = {name: folder for name, folder in _inside(bundled()).items() if name not in own}
    problems += _added(found, ours, project, "")
    if problems:
        raise InvalidModules(problems)
    return dict(sorted(found.items()))


def shown(folder: Path, project: Path) -> str:
    """A folder as messages name it: relative to the project if it is inside."""
    absolute, root = folder.resolve(), project.resolve()
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else str(folder)


def load(folder: Path, shown: str, *, today: date | None = None) -> LoadedModule:
    """The module in a folder. With `today`, an exception that has expired is a problem.

    Raises InvalidModules with all problems.
    """
    file = f"{shown}/{FILE}"
    try:
        document = read(folder / FILE, file)
    except InvalidFile as error:
        raise InvalidModules(error.problems) from error
    root = document.root
    problems = [*document.problems, *messages.placeholders(root, Module), *_nulls(root)]
    contract: Module | None = None
    try:
        contract = Module.model_validate_json(json.dumps(_data(root)), strict=True)
    except ValidationError as error:
        reported = {(problem.where, problem.path) for problem in problems}
        found = messages.problems(error, root, Module)
        problems += [problem for problem in found if (problem.where, problem.path) not in reported]
    if contract is not None:
        broken = rules.check(folder.name, contract, today)
        problems += [_located(problem, root) for problem in broken]
    problems += [_located(problem, root) for problem in files.check(folder, shown, root, contract)]
    if problems or contract is None:
        raise InvalidModules(_in_order(problems, file))
    return LoadedModule(folder.name, contract, folder, root, shown)


def _inside(folder: Path) -> dict[str, Path]:
    """The modules in a folder: its folders with a module.yaml."""
    return {file.parent.name: file.parent for file in sorted(folder.glob(f"*/{FILE}"))}


def _added(found: dict[str, Path], more: dict[str, Path], project: Path, path: str, source: str = "") -> list[Problem]:
    """Add modules to those found before; the problems are names that another folder has."""
    problems = []
    for name, folder in more.items():
        other = found.setdefault(name, folder)
        if other.resolve() != folder.resolve():
            first, second = (shown(each, project) for each in (other, folder))
            message = f"module {name!r} is in two folders: {first} and {second}{f' ({source})' if source else ''}."
            problems.append(Problem(message, path=path, hint="Rename one of them."))
    return problems


def _entry_points() -> Iterable[tuple[str, Path | Problem]]:
    """Each entry point with its folder, or why it has none."""
    from importlib.metadata import entry_points  # slow to import

    for point in entry_points(group=ENTRY_POINTS):
        source = f"entry point {point.name!r} of {point.dist.name if point.dist else point.value}"
        try:
            target = point.load()
            folder = target() if callable(target) else next(iter(getattr(target, "__path__", [target])))
        except Exception as error:  # the code of a third party
            hint = f"Correct {point.value}, or uninstall the distribution."
            yield source, Problem(f"{source} cannot be loaded: {type(error).__name__}: {error}.", hint=hint)
            continue
        if isinstance(folder, str | Path) and Path(folder).is_dir():
            yield source, Path(folder)
        else:
            hint = f"{point.value} must return a folder that holds folders of modules."
            yield source, Problem(f"{source} names {folder!r}, which is not a folder.", hint=hint)


def _data(root: Node) -> dict[str, object]:
    """The plain data of module.yaml. Only a setting's default may be null."""
    assert isinstance(root.value, dict)
    data: dict[str, object] = plain(root)
    if "settings" in data:
        data["settings"] = complete(root.value["settings"])
    return data


def _nulls(root: Node, path: tuple[str, ...] = ()) -> Iterable[Problem]:
    """Keys without a value, which would be ignored silently."""
    children = root.value.items() if isinstance(root.value, dict) else ()
    for key, child in children:
        if child.value is None:
            yield Problem("has no value.", child.key_at, ".".join((*path, key)), "Set it, or remove the key.")
        elif path or key != "settings":
            yield from _nulls(child, (*path, key))
    for position, item in enumerate(root.value if isinstance(root.value, list) else ()):
        yield from _nulls(item, (*path, str(position)))


def _located(problem: Problem, root: Node) -> Problem:
    """A problem with the position of its path, or of the nearest ancestor, unless it has one."""
    return problem if problem.where else replace(problem, where=along(root, problem.path.split("."))[-1].where)


def _in_order(problems: list[Problem], file: str) -> list[Problem]:
    """Those of module.yaml by line, then those of other files."""

    def key(problem: Problem) -> tuple[bool, str, list[int]]:
        name, *numbers = problem.where.rsplit(":", 2)
        return name != file, name, [int(number) for number in numbers if number.isdigit()]

    return sorted(dict.fromkeys(problems), key=key)
