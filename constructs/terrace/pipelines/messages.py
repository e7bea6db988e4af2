"""One comment a pull request and one issue an environment in any CI system, found again by a mark."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from terrace import markdown
from terrace.errors import UsageError
from terrace.words import counted

LABEL = "terrace-drift"
"""The label of the issues about drift. Only people with the triage role can set a label, so an issue that a stranger
opens with the marker of another is never taken for it."""
_MARKER = re.compile(r"<!-- [^\n]{1,100} -->$", re.MULTILINE)
_SHOWN = 60
_ATTRIBUTES = 8
_CHANGED = {"changed": "was changed", "deleted": "is missing", "unreadable": "cannot be compared"}


@dataclass(frozen=True)
class Message:
    """A comment or an issue that exists, with the mark by which it was found."""

    id: str
    mark: str
    body: str
    url: str


class Forge(Protocol):
    """What messages need of a CI system: `client` of each system's package.

    `comments` are the own ones of a pull request (a merge request on GitLab), `issues` the open ones with LABEL. A mark
    is a comment of HTML in the first line, or what the system has in its place.
    """

    @property
    def title(self) -> str: ...
    @property
    def longest(self) -> int: ...
    def comments(self, request: int) -> Iterator[Message]: ...
    def comment(self, request: int, mark: str, body: str) -> Message: ...
    def edit_comment(self, request: int, comment: Message, body: str) -> Message: ...
    def issues(self) -> Iterator[Message]: ...
    def open_issue(self, mark: str, title: str, body: str) -> Message: ...
    def edit_issue(self, issue: Message, title: str, body: str) -> Message: ...
    def close_issue(self, issue: Message, text: str) -> Message: ...


Done = Literal["opened", "updated", "unchanged", "closed", "none"]


@dataclass(frozen=True)
class Posted:
    """What was done, and the address of the comment or issue; "" if there is none."""

    done: Done
    url: str = ""


def marker(text: str) -> str:
    """The comment of HTML by which a text is found again, such as `plan` or `drift dev aws`."""
    return f"<!-- terrace:{text} -->"


def post_comment(forge: Forge, pull_request: int, text: str) -> Posted:
    """Write the one comment of a pull request, or replace its text. Raises UsageError for a text that is too long.

    The earlier comment is the own one that begins with the same line, a comment of HTML; a text without such a line
    gets one.
    """
    found = _MARKER.match(text)
    mark = found.group() if found else marker("plan")
    body = text if found else f"{mark}\n{text}"
    _require_length(forge, body, "the comment")
    for comment in forge.comments(pull_request):
        if comment.mark == mark:
            if comment.body == body:
                return Posted("unchanged", comment.url)
            return Posted("updated", forge.edit_comment(pull_request, comment, body).url)
    return Posted("opened", forge.comment(pull_request, mark, body).url)


def report_drift(forge: Forge, report: Mapping[str, Any], run: str = "") -> Posted:
    """Open, update or close the issue about the drift of an environment. `run` is the address of the run.

    `report` is that of `terrace drift ENV --json`.
    """
    title, body = issue(report, run)
    mark = body.splitlines()[0]
    opened = next((one for one in forge.issues() if one.mark == mark), None)
    if not report["drift"]:
        if opened is None:
            return Posted("none")
        text = "The last check found no drift." + (f" [Run]({run})" if run else "")
        return Posted("closed", forge.close_issue(opened, text).url)
    _require_length(forge, body, "the issue")
    if opened is None:
        return Posted("opened", forge.open_issue(mark, title, body).url)
    if _without_run(opened.body) == _without_run(body):
        return Posted("unchanged", opened.url)
    return Posted("updated", forge.edit_issue(opened, title, body).url)


def issue(report: Mapping[str, Any], run: str = "") -> tuple[str, str]:
    """The title and the text of an environment's issue. Values of attributes are not in it: others may read issues."""
    environment, cloud, drifts = str(report["environment"]), str(report["cloud"]), list(report["drift"])
    lines = [
        marker(f"drift {environment} {cloud}"),
        f"{counted(len(drifts), 'resource')} of `{environment}` on {cloud} differ from the state, and the next apply "
        "reverts the difference.",
        "",
    ]
    for drift in drifts[:_SHOWN]:
        attributes = [markdown.code(one["path"]) for one in drift.get("attributes", [])]
        name, what = drift.get("construct") or drift["address"], _CHANGED.get(str(drift["kind"]), "differs")
        line = f"- {markdown.code(name)} {what}"
        if attributes:
            line += f": {', '.join(attributes[:_ATTRIBUTES])}" + (", ..." if len(attributes) > _ATTRIBUTES else "")
        if severity := drift.get("severity"):
            line += f"; {markdown.text(severity)}"
        if setting := drift.get("environment_line"):
            line += f"; set in {markdown.code(setting)}"
        lines.append(line + _last_write(drift.get("last_writes") or {}))
    if len(drifts) > _SHOWN:
        lines.append(f"\nand {counted(len(drifts) - _SHOWN, 'more resource')}.")
    lines += [
        "",
        f"`terrace drift {environment}` shows the values. Revert the difference with `terrace drift {environment} "
        f"--repair`, or adopt it with `terrace drift {environment} --accept`. This issue is closed when a check finds "
        "no drift.",
    ]
    if run:
        lines += ["", f"[Run]({run})"]
    return f"Drift of {environment} on {cloud}", "\n".join(lines) + "\n"


def _last_write(found: Mapping[str, Any]) -> str:
    """The newest write of a resource, or why it is unknown."""
    for write in found.get("writes", []):
        who, call, at = (markdown.code(write[part]) for part in ("actor", "call", "at"))
        return f"; last write: {call} by {who} at {at}"
    return f"; last write unknown: {markdown.text(found['unknown'])}" if found.get("unknown") else ""


def _without_run(text: str) -> str:
    return re.sub(r"^\[Run\]\(.*\)$", "", text, flags=re.MULTILINE).strip()


def _require_length(forge: Forge, text: str, what: str) -> None:
    if len(text) > forge.longest:
        raise UsageError(
            f"{what} has {len(text)} characters; {forge.title} accepts {forge.longest}",
            hint="write a shorter one, and link the rest",
        )
