"""No name has an effect on the Markdown around it, as a CommonMark parser with GitHub's tables reads it."""

from functools import cache
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from terrace.assurance.gate_verdict import AccessChange, GateVerdict
from terrace.deployment.comment import Findings, Subject, write
from terrace.deployment.comment.records import (
    CellRecord,
    ChangeRecord,
    DriftedRecord,
    DriftRecord,
    FindingRecord,
    PlanRecord,
    WaiverRecord,
)
from terrace.deployment.values import ValueChange

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

HOSTILE = (
    "a | b", "`", "``` `x`", "</details>", "<!-- terrace ci comment -->", "@octocat", "#1", "[a](https://x.test)",
    "![a](b)", "https://x.test", "www.x.test", "a\n\n# heading", "a\r\n- item", "1. a", "- a", "*a* _b_ ~~c~~",
    "\\", "\\|", "a\\",
    "&lt;b&gt;", "<script>", "| --- |", "\u202eevil", "\u2028", "\ud800", "$x$", "  ", "", "x" * 10_000, "`" * 100,
)  # fmt: skip
names = st.one_of(st.sampled_from(HOSTILE), st.text(), st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join))


def subjects(name: str) -> list[Subject]:
    """A plan in which everything that others choose is `name`."""
    changes = [
        ChangeRecord(f"a{name}", f"t{name}", "add", f"c{name}", f"k{name}"),
        ChangeRecord(
            name,
            f"t{name}",
            "change",
            name,
            f"k{name}",
            settings=(name,),
            environment_line=name,
            values=(ValueChange(name, name, name), ValueChange(name, None, name)),
        ),
        ChangeRecord(
            name,
            "aws_db_instance",
            "replace",
            name,
            f"k{name}",
            forced_by=(name,),
            loses_data=True,
            irreversible=(name,),
            environment_line=name,
            effect="data-loss",
        ),
        ChangeRecord(name, f"t{name}", "destroy", name, f"k{name}", (name,), environment_line=name),
    ]
    access = (
        AccessChange("add", "path", name, name, name, (name, name)),
        AccessChange("remove", "grant", name, name, name),
        AccessChange("add", "unknown", "", name, "", (name, name)),
    )
    finding = FindingRecord(name, "waived", name, name, name, name, name, False, WaiverRecord(name, name))
    plan = PlanRecord(name, name, tuple(changes), name, gate=GateVerdict(False, (name,), access=access))
    drift = DriftRecord(name, name, (DriftedRecord(name, name, name, name, name),))
    return [
        Subject(plan, Findings(new=(finding,), waived=(finding,)), drift, {f"k{name}": [name]}),
        Subject(PlanRecord(name, name, (changes[0],), name, gate=GateVerdict(False, (name,), access=access))),
    ]


def comment(name: str) -> str:
    return write(subjects(name), [CellRecord(name, name, name, name, name, name)], name).text


def skeleton(tokens: list[Token] | None) -> list[Any]:
    """The structure of a document: everything but the text of its leaves."""
    found: list[Any] = []
    for token in tokens or []:
        if token.type in ("text", "text_special"):
            continue
        html = token.content if token.type in ("html_block", "html_inline") else ""
        found.append((token.type, token.tag, token.attrs, skeleton(token.children), _tags(html)))
    return found


@cache
def plain() -> list[Any]:
    return skeleton(PARSER.parse(comment("name")))


def _tags(html: str) -> list[str]:
    seen: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: seen.append(tag)  # type: ignore[method-assign]
    parser.handle_endtag = seen.append  # type: ignore[method-assign]
    parser.handle_comment = lambda data: seen.append(f"comment {data}")  # type: ignore[method-assign]
    parser.feed(html)
    return seen


@settings(max_examples=100, deadline=None)
@given(names.filter(lambda name: len(name.strip()) > 0 and len(name) <= 120))  # longer ones shorten the lists
def test_a_name_adds_nothing_to_the_structure(name: str) -> None:
    assert skeleton(PARSER.parse(comment(name))) == plain()


@settings(max_examples=100, deadline=None)
@given(names)
def test_a_comment_can_always_be_written_as_a_file(name: str) -> None:
    assert len(comment(name).encode("utf-8")) <= 60_000
