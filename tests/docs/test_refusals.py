"""The page of what clouds refuse names every rule of one cloud, and no rule that is not asked."""

import re

from terrace.environment import rules
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "refusals.md").read_text()
ASKED = {f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}" for rule in rules.RULES}


def test_every_rule_that_is_named_is_asked() -> None:
    topics = "|".join({name.partition(".")[0] for name in ASKED})
    named = set(re.findall(rf"`((?:{topics})\.\w+)`", PAGE)) - {"database.recovery_days", "database.insights_days"}
    assert named and named <= ASKED


def test_every_rule_of_one_cloud_is_named() -> None:
    assert {name for name in ASKED if name.startswith(("aws.", "azure.", "gcp."))} <= set(re.findall(r"[\w.]+", PAGE))
