"""Text that others chose, such as names, in GitHub's and GitLab's Markdown without any effect on it.

Source: CommonMark 0.31, 6.1 (code spans) and 2.5 (entities cannot start a structure); GitHub Flavored Markdown, tables
and autolinks; both forges look for mentions and references in text, but not in code.
"""

import re
import unicodedata

LONGEST = 300
"""Characters of one name or sentence; the rest is cut."""
_LONGEST_RUN = 40
_LONG_RUN = re.compile(f"`{{{_LONGEST_RUN + 1},}}")
"""cmark, GitHub's parser, knows no code span with a fence of more than 80 backticks."""
_JOINER = "&#8288;"  # WORD JOINER: invisible, ends a mention, a reference or a link
_ACTIVE = re.compile(r"[&<>\"'`*_\[\]|~\\$^!{}]")
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Safe(str):
    """Markdown that Terrace itself wrote."""


def text(value: object) -> Safe:
    """A value within a sentence or a cell of a table."""
    if isinstance(value, Safe):
        return value
    if isinstance(value, int):
        return Safe(f"{value:,}")
    plain = _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", _visible(str(value)))
    plain = plain.replace("://", f":{_JOINER}//").replace("@", f"@{_JOINER}")
    plain = re.sub(r"#(?!\d+;)", f"#{_JOINER}", plain)
    plain = re.sub(r"(?i)\bwww\.", "www&#46;", plain)
    if re.match(r"[-+=]|\d+[.)]", plain):  # at the start of a line it would be a list or a heading
        plain = f"&#{ord(plain[0])};{plain[1:]}"
    return Safe(plain)


def code(value: object) -> Safe:
    """A value as inline code; not for a cell of a table."""
    plain = _LONG_RUN.sub(f"{'`' * _LONGEST_RUN}…", _visible(str(value)))
    if not plain:
        return Safe("(no name)")
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    space = " " if "`" in (plain[0], plain[-1]) else ""
    return Safe(f"{fence}{space}{plain}{space}{fence}")


def _visible(value: str) -> str:
    """On one line, of limited length, with characters that cannot be seen written out."""
    one_line = re.sub(r"\s+", " ", value).strip()
    cut = one_line if len(one_line) <= LONGEST else f"{one_line[: LONGEST - 1]}…"
    return "".join(f"\\u{ord(letter):04x}" if unicodedata.category(letter) in _INVISIBLE else letter for letter in cut)
