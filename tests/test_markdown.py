"""Text of others in Markdown, as a CommonMark parser reads it. (`tests/deployment/comment/` has a whole comment.)"""

import pytest
from hypothesis import given

from terrace import markdown
from tests.deployment.comment.test_markdown import PARSER, names


@given(names)
def test_code_shows_the_name_itself(name: str) -> None:
    (inline,) = [token for token in PARSER.parse(f"- x {markdown.code(name)} y") if token.type == "inline"]
    spans = [child.content for child in inline.children or [] if child.type == "code_inline"]
    if name.strip():
        assert len(spans) == 1
        if name.isascii() and name.isprintable() and "`" * 41 not in name and len(name) <= markdown.LONGEST:
            assert spans == [" ".join(name.split())]


@pytest.mark.parametrize("hostile", ["@octocat", "a@b.test", "see #12", "https://x.test", "www.x.test"])
def test_text_mentions_and_links_nothing(hostile: str) -> None:
    shown = "".join(
        child.content for token in PARSER.parse(f"x {markdown.text(hostile)}") for child in token.children or []
    )
    assert shown.replace("\u2060", "") == f"x {hostile}"
    assert not any(pattern in shown for pattern in ("@octocat", "@b", "#12", "://"))
