"""Load an environment: its files merged, typed, and judged by the rules."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from terrace.environment import accounts, rules
from terrace.environment import messages as sentences
from terrace.environment.document import Node, along, plain, read
from terrace.environment.messages import placeholders, removals
from terrace.environment.overlay import chain, merged
from terrace.environment.rules import cross_environment as between_rules
from terrace.environment.schema import Environment
from terrace.environment.sizes import Cloud
from terrace.environment.suggestions import nearest
from terrace.errors import InvalidEnvironment, Problem, UsageError

DIRECTORY = "environments"


@dataclass(frozen=True)
class Loaded:
    """An environment that is valid, and what is known of where each of its values was set.

    `files` are the accounts' and the chain's, base first, as messages name them. `document` is the merged plain data,
    without defaults.
    """

    environment: Environment
    files: tuple[str, ...]
    document: dict[str, Any]
    root: Node

    def where(self, path: str) -> str:
        """`file:line:column` of what set a dotted path, of its nearest ancestor when nothing did; "" for a default."""
        node, rest = find(self.root, path)
        return "" if rest and _exists(self.environment, path) else node.where


def find(root: Node, path: str) -> tuple[Node, list[str]]:
    """The node of a dotted path, or its nearest ancestor's and the words that led no further."""
    words = path_words(path)
    nodes = along(root, words)
    if nodes[-1].value is None and len(nodes) > 1:
        nodes.pop()
    return nodes[-1], words[len(nodes) - 1 :]


def path_words(path: str) -> list[str]:
    """The words of a dotted path; items may be written .0 or [0]."""
    return [word for word in path.replace("[", ".").replace("]", "").split(".") if word]


def _exists(value: object, path: str) -> bool:
    for word in path_words(path):
        if isinstance(value, dict):
            if word not in value:
                return False
            value = value[word]
        elif hasattr(type(value), "model_fields"):
            if word not in type(value).model_fields:  # type: ignore[attr-defined]
                return False
            value = getattr(value, word)
        else:
            return False
    return True


def names(project: Path = Path()) -> list[str]:
    """The project's environments, sorted: every file of environments/ but those without a `name`, such as base.yaml.

    A file that cannot be read counts, so that `load` gets to say why.
    """
    found = []
    for path in sorted((project / DIRECTORY).glob("*.yaml")):
        try:
            node = read(path, _shown(path, project)).root
        except InvalidEnvironment:
            found.append(path.stem)
        else:
            if isinstance(node.value, dict) and "name" in node.value:
                found.append(path.stem)
    return found


@dataclass(frozen=True)
class Merged:
    """A file, what it extends and its cloud's accounts, laid over each other and not judged yet.

    `problems` came up on the way; the absence of the paths in `told` is among them.
    """

    root: Node
    files: tuple[str, ...]
    problems: tuple[Problem, ...]
    told: frozenset[str] = frozenset()


def merge(name_or_path: str, *, project: Path = Path(), cloud: str | None = None) -> Merged:
    """The sum of an environment's files. Raises InvalidEnvironment when one cannot be read, UsageError as `load`."""
    path = _path(name_or_path, project)
    links = chain(path, _shown(path, project))
    root, problems = merged(links)
    problems += [_placed(problem, root) for problem in _named_as_its_file(root, path)]
    below = accounts.layered(_on_cloud(root, cloud), path, _shown(path, project))
    files = (*below.files, *(shown for shown, _ in links))
    return Merged(below.root, files, (*problems, *below.problems), below.told)


def load(name_or_path: str, *, project: Path = Path(), cloud: str | None = None) -> Loaded:
    """The environment of that name (dev), or in that file (environments/dev.yaml, from where you are).

    `cloud`, else TERRACE_CLOUD, replaces the file's own choice of cloud.
    Raises InvalidEnvironment with every problem found, UsageError when there is no such environment or cloud.
    """
    sum_of_files = merge(name_or_path, project=project, cloud=cloud)
    root, files = sum_of_files.root, sum_of_files.files
    problems = [*sum_of_files.problems, *placeholders(root), *removals(root)]
    document = plain(root)
    partial = False
    try:
        environment = Environment.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        from terrace.environment.partial import salvaged

        partial = True
        told = {(problem.where, problem.path) for problem in problems}
        wrong = [each for each in sentences.problems(error, root) if each.path not in sum_of_files.told]
        problems += [problem for problem in wrong if (problem.where, problem.path) not in told]
        environment = salvaged(document, error)
    typed = {problem.path for problem in problems}
    judged = rules.judge(environment, partial=partial)
    problems += [_placed(problem, root) for problem in judged if problem.path not in typed]
    if problems:
        raise InvalidEnvironment(_in_order(problems, files))
    return Loaded(environment, files, document, root)


def between(environments: Sequence[Loaded]) -> list[Problem]:
    """What is wrong between the environments of one project, told of the later ones."""
    loaded = {id(each.environment): each for each in environments}
    judged = between_rules.judge([each.environment for each in environments])
    return [_placed(problem, loaded[id(environment)].root) for environment, problem in judged]


def unused(project: Path = Path()) -> list[Problem]:
    """What nobody would ever look at: files without a `name` that none extends, accounts of no environment."""
    nameless, extended = {}, set()
    for path in sorted((project / DIRECTORY).glob("*.yaml")):
        try:
            root = read(path, _shown(path, project)).root
        except InvalidEnvironment:
            continue
        assert isinstance(root.value, dict)
        if "extends" in root.value:
            extended.add(root.value["extends"].value)
        if "name" not in root.value:
            nameless[path.name] = root
    directory = project / DIRECTORY
    return [
        Problem("has no `name`, and no file extends it.", root.at, hint="An environment has a name, as its file.")
        for name, root in nameless.items()
        if name not in extended
    ] + list(accounts.unknown(directory, _shown(directory, project), names(project)))


def _placed(problem: Problem, root: Node) -> Problem:
    """A rule's problem with the position of what it speaks of, or of its nearest ancestor."""
    node = along(root, problem.path.split("."))[-1]
    return replace(problem, where=node.where if node.value is not None else node.key_at)


def _named_as_its_file(root: Node, path: Path) -> Iterator[Problem]:
    node, rest = find(root, "name")
    if not rest and isinstance(node.value, str) and node.value != path.stem:
        yield Problem(f"{node.value!r} is not the file's name.", path="name", hint=f"Write {path.stem}.")


def _in_order(problems: list[Problem], files: tuple[str, ...]) -> list[Problem]:
    """From top to bottom, the environment's own file first."""
    order = {name: -position for position, name in enumerate(files)}

    def key(problem: Problem) -> tuple[int, list[int]]:
        name, *numbers = problem.where.rsplit(":", 2)
        return order.get(name, 1), [int(number) for number in numbers if number.isdigit()]

    return sorted(dict.fromkeys(problems), key=key)


def _path(name_or_path: str, project: Path) -> Path:
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path)
        if not path.exists():
            raise UsageError(f"there is no file {name_or_path}")
        return path
    path = project / DIRECTORY / f"{name_or_path}.yaml"
    if not path.exists():
        there = names(project)
        guess = nearest(name_or_path, there)
        raise UsageError(
            f"there is no environment {name_or_path!r}",
            where=_shown(path.parent, project),
            hint=(f"did you mean {guess}? " if guess else "") + f"environments: {', '.join(there) or 'none'}",
        )
    return path


def _shown(path: Path, project: Path) -> str:
    """A path as messages name it: from the project's directory when it lies there."""
    absolute, home = Path.cwd() / path, Path.cwd() / project
    return str(absolute.relative_to(home)) if absolute.is_relative_to(home) else str(path)


def _on_cloud(root: Node, cloud: str | None) -> Node:
    source = "--cloud" if cloud else "TERRACE_CLOUD"
    wanted = cloud or os.environ.get("TERRACE_CLOUD")
    if not wanted:
        return root
    if wanted not in get_args(Cloud):
        raise UsageError(f"{source}: {wanted!r} is not a cloud", hint=f"clouds: {', '.join(get_args(Cloud))}")
    assert isinstance(root.value, dict)
    chosen = Node(wanted, source, 0, 0, under=root.value.get("cloud"))
    return replace(root, value={**root.value, "cloud": chosen})
