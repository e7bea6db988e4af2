"""Any value at any path of a module is valid or a problem with a position and a message of our own."""

import copy
import json
import random
import re
import shutil
from pathlib import Path

from ruamel.yaml import YAML

from terrace.errors import InvalidModules
from terrace.modules.loading import load
from tests.environment.test_messages import VALUES, paths
from tests.modules.conftest import HERE


def test_no_message_is_pydantics(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(HERE / "good" / "shop", folder)
    document = YAML(typ="safe", pure=True).load(folder / "module.yaml")
    document["exceptions"][0]["until"] = "2027-06-30"
    rng = random.Random(7)
    refused = 0
    for path in paths(document):
        changed = copy.deepcopy(document)
        section = changed
        for word in path[:-1]:
            section = section[word]
        section[path[-1]] = rng.choice(VALUES)
        (folder / "module.yaml").write_text(json.dumps(changed, ensure_ascii=False))
        try:
            load(folder, "modules/shop")
        except InvalidModules as error:
            refused += 1
            for problem in error.problems:
                assert re.fullmatch(r"modules/shop(/module\.yaml:\d+:\d+|/chart|/values\.yaml\.j2)", problem.where), (
                    problem
                )
                assert problem.message[-1] in ".:?", problem
                jargon = ("Input", "should", "a valid ", "None", "dict", "tuple", "str_", "[type=")
                assert not any(word in str(problem) for word in jargon), problem
    assert refused > 70
