"""Whatever is put anywhere, what comes back is a sentence of ours with a place."""

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from terrace.environment import load
from terrace.errors import InvalidEnvironment
from tests.environment.conftest import HERE

VALUES: list[Any] = [None, 5, -1, 1.5, True, "x", "", [], {}, [1], {"a": 1}, "CHANGEME", 10**15, [None], "Ünï"]
MORE = {
    "name": "qa",
    "tier": "dev",
    "cost": {
        "budget_usd": 5,
        "sleep": {"down": "20:00", "up": "07:00", "days": "mon-fri", "timezone": "Europe/Berlin"},
    },
}


def whole() -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(HERE / "good" / "base.yaml")
    document |= MORE
    document["database"] |= {"maintenance_window": {"day": "sun", "hour": 3}, "schemas": ["raw"]}
    document["aws"] = YAML(typ="safe", pure=True).load(HERE / "good" / "clouds" / "aws.yaml")
    document["aws"] |= {"node_types": {"general": ["m6i.large"]}, "zones": [f"eu-central-1{zone}" for zone in "abc"]}
    document["ownership"]["tags"] = {"team": "core"}
    return document


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from paths(child, (*path, key))


def test_anything_anywhere_is_told_in_words_of_ours(project: Path) -> None:
    dice, document = random.Random(3), whole()
    refused = 0
    for path in paths(document):
        spoilt = copy.deepcopy(document)
        section = spoilt
        for word in path[:-1]:
            section = section[word]
        section[path[-1]] = dice.choice(VALUES)
        (project / "environments" / "qa.yaml").write_text(json.dumps(spoilt, ensure_ascii=False))
        try:
            load("qa", project=project)
        except InvalidEnvironment as error:
            refused += 1
            for problem in error.problems:
                assert re.fullmatch(r"environments/qa\.yaml:\d+:\d+", problem.where), problem
                assert problem.message[-1] in ".:?", problem
                jargon = ("Input", "should", "valid ", "None", "dict", "tuple", "str_", "[type=")
                assert not any(word in str(problem) for word in jargon), problem
    assert refused > 100


def test_true_is_not_one(project: Path) -> None:
    """Python's True equals 1; a file's true does not."""
    for path in paths(document := whole()):
        spoilt = copy.deepcopy(document)
        section = spoilt
        for word in path[:-1]:
            section = section[word]
        if type(section[path[-1]]) is int and section[path[-1]] in (0, 1, 3):
            section[path[-1]] = True
            (project / "environments" / "qa.yaml").write_text(json.dumps(spoilt))
            try:
                load("qa", project=project)
            except InvalidEnvironment as error:
                assert [problem.path for problem in error.problems] == [".".join(map(str, path))]
            else:
                raise AssertionError(f"{path} takes true for a number")
