"""One comment a pull request and one issue an environment on GitHub, found again by a marker in their text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from terrace import markdown
from terrace.errors import UsageError
from terrace.pipelines.github import GitHub
from terrace.words import counted

LABEL = "terrace-drift"
"""The label of the issues about drift. Only people with the triage role can set a label, so an issue that a stranger
opens with the marker of another is never taken for it."""
LONGEST = 65_536
"""Characters of a comment or an issue. Source: GitHub's API responds 422 to a longer one."""
_MARKER = re.compile(r"<!-- [^\n]{1,100} -->$", re.MULTILINE)
_SHOWN = 60
_ATTRIBUTES = 8
_CHANGED = {"changed": "was changed", "deleted": "is missing", "unreadable": "cannot be compared"}

Done = Literal["opened", "updated", "unchanged", "closed", "none"]


@dataclass(frozen=True)
class Posted:
    """What was done, and the address of the comment or issue; "" if there is none."""

    done: Done
    url: str = ""


def marker(text: str) -> str:
    """The comment of HTML by which a text is found again, such as `plan` or `drift dev aws`."""
    return f"<!-- terrace:{text} -->"


def post_comment(github: GitHub, pull_request: int, text: str) -> Posted:
    """Write the one comment of a pull request, or replace its text. Raises UsageError for a text that is too long.

    The earlier comment is the one of a bot that begins with the same line, a comment of HTML; a text without such a
    line gets one.
    """
    found = _MARKER.match(text)
    mark = found.group() if found else marker("plan")
    body = text if found else f"{mark}\n{text}"
    _require_length(body, "the comment")
    for comment in github.pages(f"issues/{pull_request}/comments"):
        if comment["user"]["type"] == "Bot" and str(comment["body"]).startswith(mark):
            if comment["body"] == body:
                return Posted("unchanged", comment["html_url"])
            updated = github.send("PATCH", f"issues/comments/{comment['id']}", {"body": body})
            return Posted("updated", updated["html_url"])
    created = github.send("POST", f"issues/{pull_request}/comments", {"body": body})
    return Posted("opened", created["html_url"])


def report_drift(github: GitHub, report: Mapping[str, Any], run: str = "") -> Posted:
    """Open, update or close the issue about the drift of an environment. `run` is the address of the run.

    `report` is that of `terrace drift ENV --json`.
    """
    title, body = issue(report, run)
    mark = body.splitlines()[0]
    opened = next(_opened(github, mark), None)
    if not report["drift"]:
        if opened is None:
            return Posted("none")
        number = opened["number"]
        text = "The last check found no drift." + (f" [Run]({run})" if run else "")
        github.send("POST", f"issues/{number}/comments", {"body": text})
        closed = github.send("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"})
        return Posted("closed", closed["html_url"])
    _require_length(body, "the issue")
    if opened is None:
        created = github.send("POST", "issues", {"title": title, "body": body, "labels": [LABEL]})
        return Posted("opened", created["html_url"])
    if _without_run(str(opened["body"])) == _without_run(body):
        return Posted("unchanged", opened["html_url"])
    updated = github.send("PATCH", f"issues/{opened['number']}", {"title": title, "body": body})
    return Posted("updated", updated["html_url"])


def _opened(github: GitHub, mark: str) -> Iterator[Any]:
    for found in github.pages("issues", state="open", labels=LABEL):
        if "pull_request" not in found and str(found["body"]).startswith(mark):
            yield found


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
        lines.append(line)
    if len(drifts) > _SHOWN:
        lines.append(f"\nand {counted(len(drifts) - _SHOWN, 'more resource')}.")
    lines += [
        "",
        f"`terrace drift {environment}` shows the values. Revert the difference with `terrace plan {environment}` and "
        f"`terrace apply {environment}`, or adopt it in `environments/{environment}.yaml`. This issue is closed when a "
        "check finds no drift.",
    ]
    if run:
        lines += ["", f"[Run]({run})"]
    return f"Drift of {environment} on {cloud}", "\n".join(lines) + "\n"


def _without_run(text: str) -> str:
    return re.sub(r"^\[Run\]\(.*\)$", "", text, flags=re.MULTILINE).strip()


def _require_length(text: str, what: str) -> None:
    if len(text) > LONGEST:
        raise UsageError(
            f"{what} has {len(text)} characters; GitHub accepts {LONGEST}",
            hint="write a shorter one, and link the rest",
        )
