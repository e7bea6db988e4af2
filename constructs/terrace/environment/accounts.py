"""The lowest layer of an environment: where it lives on its cloud, from `clouds/<cloud>.yaml` beside it.

Such a file holds that cloud's settings: at its top what every environment shares, under `environments`, by name, what
one alone has. The sum is the section of the cloud (`aws`, `azure`, `gcp`), under what the environment's own files say
there. Only the file of the chosen cloud is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from terrace.environment.document import Node, read
from terrace.environment.overlay import leads_out, over
from terrace.environment.schema import SETTINGS
from terrace.environment.suggestions import hint
from terrace.errors import InvalidEnvironment, Problem

DIRECTORY = "clouds"
BY_NAME = "environments"
"""The key of an account file that holds one section an environment."""


@dataclass(frozen=True)
class Layered:
    """An environment with its accounts below. `told` are the paths whose absence is among the problems already."""

    root: Node
    files: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    told: frozenset[str] = frozenset()


def layered(root: Node, path: Path, shown: str) -> Layered:
    """The chosen cloud's account file laid under an environment that was merged from `path`.

    Raises InvalidEnvironment when that file is there and cannot be read.
    """
    assert isinstance(root.value, dict)
    chosen, name = root.value.get("cloud"), root.value.get("name")
    cloud = str(chosen.value) if chosen is not None else ""
    if chosen is None or cloud not in SETTINGS or name is None or not isinstance(name.value, str):
        return Layered(root, ())  # told by the types
    file = path.parent / DIRECTORY / f"{cloud}.yaml"
    home = Path(shown).parent / DIRECTORY / file.name
    accounts = read_accounts(file, str(home)) if file.exists() else None
    own, problems = root.value.get(cloud), list[Problem]()
    section = own
    if accounts is not None:
        problems += accounts.problems
        section = accounts.section(name.value)
        section = over(section, own) if own is not None else section
        root = replace(root, value={**root.value, cloud: section})
    lacking = _lacking(cloud, section)
    if lacking:
        problems.append(_unfinished(cloud, name.value, lacking, chosen, own, accounts, str(home)))
    told = frozenset([cloud, *(f"{cloud}.{key}" for key in lacking)]) if lacking else frozenset[str]()
    return Layered(root, (str(home),) if accounts else (), tuple(problems), told)


@dataclass(frozen=True)
class Accounts:
    """An account file: what all environments share, what each has, and what is wrong with its shape."""

    root: Node
    shared: Node
    by_name: dict[str, Node]
    problems: tuple[Problem, ...]

    def section(self, name: str) -> Node:
        """The settings of one environment."""
        return over(self.shared, self.by_name[name]) if name in self.by_name else self.shared


def read_accounts(path: Path, shown: str) -> Accounts:
    """An account file. Raises InvalidEnvironment when it cannot be read."""
    home = path.parent.parent
    if leads_out(path, home):
        raise InvalidEnvironment([Problem(f"is a link that leads out of {home.name}/.", shown)])
    document = read(path, shown)
    root, problems = document.root, list(document.problems)
    assert isinstance(root.value, dict)
    entries, by_name = root.value.get(BY_NAME), dict[str, Node]()
    if entries is not None and entries.value is not None:
        if isinstance(entries.value, dict):
            by_name = {name: entry for name, entry in entries.value.items() if isinstance(entry.value, dict)}
            wrong = {name: entry for name, entry in entries.value.items() if name not in by_name}
        else:
            wrong = {"": entries}
        for name, entry in wrong.items():
            where = f"{BY_NAME}.{name}" if name else BY_NAME
            problems.append(Problem("is not a section.", entry.at, where, "It has keys and values."))
    shared = replace(root, value={key: child for key, child in root.value.items() if key != BY_NAME})
    return Accounts(root, shared, by_name, tuple(problems))


def unknown(directory: Path, shown: str, names: list[str]) -> Iterator[Problem]:
    """Account files of no cloud, and entries of no environment. `directory` is where the environments are."""
    for path in sorted((directory / DIRECTORY).glob("*.yaml")):
        file = str(Path(shown) / DIRECTORY / path.name)
        if path.stem not in SETTINGS:
            yield Problem("is named after no cloud.", file, hint=hint(path.stem, list(SETTINGS)))
            continue
        try:
            accounts = read_accounts(path, file)
        except InvalidEnvironment:
            continue  # told by the environments that need it
        for name, entry in accounts.by_name.items():
            if names and name not in names:
                yield Problem("is no environment.", entry.key_at, f"{BY_NAME}.{name}", hint(name, names))


def _lacking(cloud: str, section: Node | None) -> list[str]:
    """Settings that are needed and that nobody mentions."""
    fields = SETTINGS[cloud].model_fields.items()
    needed = [key for key, info in fields if info.is_required()]
    if section is None or section.value is None:
        return needed
    return [key for key in needed if key not in section.value] if isinstance(section.value, dict) else []


def _unfinished(
    cloud: str, name: str, lacking: list[str], chosen: Node, own: Node | None, accounts: Accounts | None, file: str
) -> Problem:
    """What is missing of an environment's account, with the YAML to paste."""
    if own is not None and own.value is None:
        return Problem(f"is removed here, and cloud is {cloud}.", own.key_at, cloud)
    if accounts is None:
        content = _pasted(cloud, {BY_NAME: {name: lacking}})
        return Problem(
            f"{cloud} wants to know where {name} lives, and there is no {file}.", chosen.at, "cloud",
            f"Write it:\n{content}",
        )  # fmt: skip
    assert isinstance(accounts.root.value, dict)
    if name in accounts.by_name:
        entry, content = accounts.by_name[name], _pasted(cloud, {BY_NAME: {name: lacking}}, skip=2)
        return Problem(f"has no {_and(lacking)}.", entry.key_at, f"{BY_NAME}.{name}", f"Write below it:\n{content}")
    if BY_NAME in accounts.root.value:
        entries, content = accounts.root.value[BY_NAME], _pasted(cloud, {BY_NAME: {name: lacking}}, skip=1)
        return Problem(f"has no {name}.", entries.key_at, BY_NAME, f"Write below it:\n{content}")
    content = _pasted(cloud, {BY_NAME: {name: lacking}})
    return Problem(f"has no {_and(lacking)}.", accounts.root.at, hint=f"Write below it:\n{content}")


def _pasted(cloud: str, entry: dict[str, dict[str, list[str]]], *, skip: int = 0) -> str:
    """An entry as YAML with what each value means, without its first `skip` lines."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    ((key, names),) = entry.items()
    ((name, lacking),) = names.items()
    values: Any = CommentedMap({setting: DoubleQuotedScalarString("CHANGEME") for setting in lacking})
    for setting in lacking:
        meaning = " ".join(str(SETTINGS[cloud].model_fields[setting].description).split())
        values.yaml_add_eol_comment(meaning, setting, column=0)
    yaml, out = YAML(), StringIO()
    yaml.width = 4096
    yaml.dump({key: {name: values}}, out)
    return "\n".join(out.getvalue().splitlines()[skip:])


def _and(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
