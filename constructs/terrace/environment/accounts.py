"""An environment's account on its cloud, from `clouds/<cloud>.yaml` next to the environment files.

An account file has the settings that all environments share at its top level, and those of single environments under
`environments`, by name. Merged, they are the environment's section `aws`, `azure` or `gcp`; values in the environment's
own files override them. Only the file of the environment's cloud is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from terrace.documents import suggestions
from terrace.documents.document import Node
from terrace.documents.reading import read
from terrace.environment.overlay import is_outside, merge_nodes
from terrace.environment.schema import SETTINGS
from terrace.errors import InvalidFile, Problem

DIRECTORY = "clouds"
BY_NAME = "environments"
"""The key of an account file that has one mapping for each environment."""


@dataclass(frozen=True)
class WithAccount:
    """An environment merged over its account settings. `problems` report `reported`, the paths of missing settings."""

    root: Node
    files: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    reported: frozenset[str] = frozenset()


def with_account(root: Node, path: Path, shown: str) -> WithAccount:
    """An environment, merged from the file `path`, over the account file of its cloud.

    Raises InvalidFile when the account file exists and cannot be read.
    """
    assert isinstance(root.value, dict)
    cloud_node, name = root.value.get("cloud"), root.value.get("name")
    cloud = str(cloud_node.value) if cloud_node is not None else ""
    if cloud_node is None or cloud not in SETTINGS or name is None or not isinstance(name.value, str):
        return WithAccount(root, ())  # the types report it
    file = path.parent / DIRECTORY / f"{cloud}.yaml"
    file_shown = str(Path(shown).parent / DIRECTORY / file.name)
    accounts = read_accounts(file, file_shown) if file.exists() else None
    own, problems = root.value.get(cloud), list[Problem]()
    section = own
    if accounts is not None:
        problems += accounts.problems
        section = accounts.section(name.value)
        section = merge_nodes(section, own) if own is not None else section
        root = replace(root, value={**root.value, cloud: section})
    missing = _missing(cloud, section)
    if missing:
        problems.append(_missing_problem(cloud, name.value, missing, cloud_node, own, accounts, file_shown))
    reported = frozenset([cloud, *(f"{cloud}.{key}" for key in missing)]) if missing else frozenset[str]()
    return WithAccount(root, (file_shown,) if accounts else (), tuple(problems), reported)


@dataclass(frozen=True)
class Accounts:
    """An account file: the settings that all environments share, those of each, and problems of its structure."""

    root: Node
    shared: Node
    by_name: dict[str, Node]
    problems: tuple[Problem, ...]

    def section(self, name: str) -> Node:
        """The settings of one environment."""
        return merge_nodes(self.shared, self.by_name[name]) if name in self.by_name else self.shared


def read_accounts(path: Path, shown: str) -> Accounts:
    """An account file. Raises InvalidFile when it cannot be read."""
    environments = path.parent.parent
    if is_outside(path, environments):
        message = f"file is a symbolic link to a file outside {environments.name}/."
        raise InvalidFile([Problem(message, shown)])
    document = read(path, shown)
    root, problems = document.root, list(document.problems)
    assert isinstance(root.value, dict)
    entries, by_name = root.value.get(BY_NAME), dict[str, Node]()
    if entries is not None and entries.value is not None:
        if isinstance(entries.value, dict):
            by_name = {name: entry for name, entry in entries.value.items() if isinstance(entry.value, dict)}
            invalid = {f"{BY_NAME}.{name}": entry for name, entry in entries.value.items() if name not in by_name}
        else:
            invalid = {BY_NAME: entries}
        problems += [Problem("expected a mapping of settings.", entry.at, path) for path, entry in invalid.items()]
    shared = replace(root, value={key: child for key, child in root.value.items() if key != BY_NAME})
    return Accounts(root, shared, by_name, tuple(problems))


def unused_accounts(directory: Path, shown: str, names: list[str]) -> Iterator[Problem]:
    """Account files of unknown clouds, and entries of unknown environments. `directory` has the environment files."""
    for path in sorted((directory / DIRECTORY).glob("*.yaml")):
        file = str(Path(shown) / DIRECTORY / path.name)
        if path.stem not in SETTINGS:
            yield Problem("file name is not a cloud.", file, hint=suggestions.hint(path.stem, list(SETTINGS)))
            continue
        try:
            accounts = read_accounts(path, file)
        except InvalidFile:
            continue  # reported with the environments that need the file
        for name, entry in accounts.by_name.items():
            if names and name not in names:
                message = f"unknown environment {name!r}."
                yield Problem(message, entry.key_at, f"{BY_NAME}.{name}", suggestions.hint(name, names))


def _missing(cloud: str, section: Node | None) -> list[str]:
    """Required settings that no file sets."""
    required = [key for key, info in SETTINGS[cloud].model_fields.items() if info.is_required()]
    if section is None or section.value is None:
        return required
    return [key for key in required if key not in section.value] if isinstance(section.value, dict) else []


def _missing_problem(
    cloud: str, name: str, missing: list[str], chosen: Node, own: Node | None, accounts: Accounts | None, file: str
) -> Problem:
    """The missing settings of an environment's account, with the YAML to paste."""
    if own is not None and own.value is None:
        return Problem(f"required while cloud is {cloud}, but null removes it here.", own.key_at, cloud)
    content = _yaml(cloud, name, missing)
    if accounts is None:
        message = f"{cloud} needs account settings for {name}, but {file} does not exist."
        return Problem(message, chosen.at, "cloud", "Create it:\n" + "\n".join(content))
    assert isinstance(accounts.root.value, dict)
    message = f"required, but not set: {', '.join(missing)}."
    if name in accounts.by_name:
        hint = "Add below this line:\n" + "\n".join(content[2:])
        return Problem(message, accounts.by_name[name].key_at, f"{BY_NAME}.{name}", hint)
    if BY_NAME in accounts.root.value:
        hint = "Add below this line:\n" + "\n".join(content[1:])
        return Problem(f"no settings for {name}.", accounts.root.value[BY_NAME].key_at, BY_NAME, hint)
    return Problem(message, accounts.root.at, hint="Add to this file:\n" + "\n".join(content))


def _yaml(cloud: str, name: str, settings: list[str]) -> list[str]:
    """The lines of an entry with placeholders, and what each setting means as a comment."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    values: Any = CommentedMap({setting: DoubleQuotedScalarString("CHANGEME") for setting in settings})
    for setting in settings:
        meaning = " ".join(str(SETTINGS[cloud].model_fields[setting].description).split())
        values.yaml_add_eol_comment(meaning, setting, column=0)
    yaml, out = YAML(), StringIO()
    yaml.width = 4096
    yaml.dump({BY_NAME: {name: values}}, out)
    return out.getvalue().splitlines()
