"""Any value at any path is valid or a problem with a position and a message of our own."""

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
ADDITIONS = {
    "name": "qa",
    "tier": "dev",
    "cost": {
        "budget_usd": 5,
        "sleep": {"down": "20:00", "up": "07:00", "days": "mon-fri", "timezone": "Europe/Berlin"},
    },
}


def full_document() -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(HERE / "good" / "base.yaml")
    document |= ADDITIONS
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


def test_no_message_is_pydantics(project: Path) -> None:
    rng, document = random.Random(3), full_document()
    refused = 0
    for path in paths(document):
        changed = copy.deepcopy(document)
        section = changed
        for word in path[:-1]:
            section = section[word]
        section[path[-1]] = rng.choice(VALUES)
        (project / "environments" / "qa.yaml").write_text(json.dumps(changed, ensure_ascii=False))
        try:
            load("qa", project=project)
        except InvalidEnvironment as error:
            refused += 1
            for problem in error.problems:
                assert re.fullmatch(r"environments/qa\.yaml:\d+:\d+", problem.where), problem
                assert problem.message[-1] in ".:?", problem
                jargon = ("Input", "should", "a valid ", "None", "dict", "tuple", "str_", "[type=")
                assert not any(word in str(problem) for word in jargon), problem
    assert refused > 100


def test_true_is_not_a_number(project: Path) -> None:
    """In Python, True equals 1; in a file, true is not a number."""
    for path in paths(document := full_document()):
        changed = copy.deepcopy(document)
        section = changed
        for word in path[:-1]:
            section = section[word]
        if type(section[path[-1]]) is int and section[path[-1]] in (0, 1, 3):
            section[path[-1]] = True
            (project / "environments" / "qa.yaml").write_text(json.dumps(changed))
            try:
                load("qa", project=project)
            except InvalidEnvironment as error:
                assert [problem.path for problem in error.problems] == [".".join(map(str, path))]
            else:
                raise AssertionError(f"{path} accepts true as a number")
