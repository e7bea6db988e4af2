"""Links and paths in the Markdown files: every relative link and anchor, and every file path in backticks, exists."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

IGNORED = {"node_modules", "cdktf.out", "build", "dist"}
PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not IGNORED & set(page.relative_to(ROOT).parts)
    and not any(part.startswith(".") and part != ".github" for part in page.relative_to(ROOT).parts)
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"(?:\.?[\w-]+/)+[\w.-]*")
GENERATED = ("cdktf.out/", ".terrace/", ".venv/", ".tools/", "build/", "node_modules/")
NOT_IN_THE_REPOSITORY = {
    "oscal/component-definition.json": "a file of a report",
    "policies/drift.yaml": "a file of a project that accepts drift",
}
ROOTS = (ROOT, ROOT / "constructs/terrace")
PLACEHOLDER = re.compile(r"\b[A-Z]+\b(?!\.md)|\bacme\b")  # acme: the example cloud of the extending guide
SUFFIXES = {".html", ".ini", ".j2", ".json", ".md", ".py", ".sh", ".tf", ".toml", ".txt", ".yaml", ".yml"}
TOP_LEVEL = {path.name for root in ROOTS for path in root.iterdir() if path.is_dir()}


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub derives from a page's headings; a repeated heading gets a number."""
    seen: dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = seen.get(anchor, 0)
        seen[anchor] = number + 1
        result.add(f"{anchor}-{number}" if number else anchor)
    return result | set(re.findall(r'<a (?:id|name)="([^"]+)"', page.read_text(encoding="utf-8")))


def broken_links(page: Path) -> list[str]:
    broken = []
    for match in LINK.finditer(CODE.sub("`code`", prose(page))):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    return broken


def missing_paths(page: Path) -> list[str]:
    """Paths in backticks that do not exist: of source files, or below a directory of the repository or of the package.

    Placeholders (`aws/<capability>.py`, `modules/*/`, `ENV.json`) and generated directories are not checked.
    """
    created = set(re.findall(r"(?:Create|Copy `[^`]+` to) `([^`]+)`", page.read_text()))
    missing = []
    for code in CODE.findall(prose(page)):
        path = re.sub(r":\d+(:\d+)?$", "", code)
        if not PATH.fullmatch(path) or path.startswith(GENERATED) or path in NOT_IN_THE_REPOSITORY:
            continue
        if path in created or PLACEHOLDER.search(path):
            continue
        if Path(path).suffix not in SUFFIXES and path.split("/")[0] not in TOP_LEVEL:
            continue
        if not any((root / path).exists() for root in (*ROOTS, page.parent)):
            missing.append(code)
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_backticks_exists(page: Path) -> None:
    assert missing_paths(page) == []


def test_a_broken_link_a_broken_anchor_and_a_missing_path_are_reported(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `two`\n[a](nowhere.md) [b](#one-two) [c](#three) `aws/database.py` `aws/nothing.py:3`\n")
    assert broken_links(page) == ["nowhere.md", "#three"]
    assert missing_paths(page) == ["aws/nothing.py:3"]
