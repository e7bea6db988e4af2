"""Set a key in the text of a YAML file."""

import pytest

from terrace.documents.setting import with_value

TEXT = """\
# The first line.
name: dev

database: # small
  size: small  # as agreed
  # the disk
  storage_gb: 20

cluster:
  pools:
    spot: {kind: spot, max_nodes: 3}
    general: null
# The end.
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("database.storage_gb", 40, "storage_gb: 20\n", "storage_gb: 40\n"),
        ("database.size", "large", "size: small  # as agreed", "size: large  # as agreed"),
        ("database.replicas", 1, "  storage_gb: 20\n", "  storage_gb: 20\n  replicas: 1\n"),
        ("cluster.pools.spot.max_nodes", 5, "max_nodes: 3", "max_nodes: 5"),
        ("cluster.pools.spot.min_nodes", 1, "max_nodes: 3}", "max_nodes: 3, min_nodes: 1}"),
        ("cluster.pools.general.size", "small", "general: null", "general: {size: small}"),
        ("cluster.version", "1.35", "    general: null\n", '    general: null\n  version: "1.35"\n'),
        (
            "observability.retention_days",
            30,
            "    general: null\n",
            "    general: null\nobservability:\n  retention_days: 30\n",
        ),
        ("database.deletion_protection", True, "  storage_gb: 20\n", "  storage_gb: 20\n  deletion_protection: true\n"),
    ],
)
def test_only_the_key_changes(path: str, value: str | int, old: str, new: str) -> None:
    assert old in TEXT
    assert with_value(TEXT, path.split("."), value, "dev.yaml") == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("base: &a {size: small}\ndatabase: *a\n", "database.size"),
        ("name: dev\nlist: [1, 2]\n", "list.first"),
    ],
)
def test_what_would_change_more_is_refused(text: str, path: str) -> None:
    with pytest.raises(ValueError):
        with_value(text, path.split("."), "large", "dev.yaml")
