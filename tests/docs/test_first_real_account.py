"""The guides to the first real account and to a team's pipelines: their commands exist, and those for AWS and GitHub
are run on the emulated cloud, in order."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from terrace.cli.lazy import LazyGroup
from terrace.cli.main import terrace
from tests.conftest import ROOT
from tests.pipelines.team import Team, whole_team

GUIDE = ROOT / "docs" / "guides" / "first-real-account.md"
TEAM_SETUP = ROOT / "docs" / "guides" / "team-setup.md"
GUIDES = [GUIDE, TEAM_SETUP, ROOT / "docs" / "guides" / "review-a-plan.md"]
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
}
_BLOCK = re.compile(r"^```(sh|console)([a-z ]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands(page: Path, cloud: str = "") -> list[str]:
    """The page's commands, with their continuation lines; of blocks for some clouds only those for `cloud`."""
    found = []
    for language, clouds, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if cloud and language == "console" and cloud not in clouds.split():
            continue
        if language == "sh":
            found += text.splitlines()
            continue
        for line in text.splitlines():
            if line.startswith("$ "):
                found.append(line[2:])
            elif line.startswith("  ") or line == "done":
                found[-1] += f"\n{line}"
    return found


def terrace_commands(page: Path) -> list[list[str]]:
    words = [shlex.split(line, comments=True) for line in commands(page) if re.match(r"(\.venv/bin/)?terrace ", line)]
    return [line[1 : line.index("|")] if "|" in line else line[1:] for line in words]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_every_command_and_option_of_the_guide_exists(page: Path) -> None:
    found = terrace_commands(page)
    assert found or page.stem == "review-a-plan"
    for arguments in found:
        parsed(arguments)


def parsed(arguments: list[str]) -> None:
    """Parse the arguments of `terrace`, without running it. Raises for a command or an option that does not exist."""
    command: click.Command = terrace
    context = click.Context(terrace, info_name="terrace", resilient_parsing=True)
    rest = list(arguments)
    while isinstance(command, click.Group):
        if isinstance(command, LazyGroup) and command.default and rest[0] not in command.summaries:
            rest.insert(0, command.default)
        name, inner, rest = command.resolve_command(context, rest)
        assert inner is not None, arguments
        command = inner
        context = click.Context(command, parent=context, info_name=name, resilient_parsing=True)
    command.make_parser(context).parse_args(rest)


def test_the_guide_grants_what_the_stacks_need() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (parts,) = re.findall(r"for part in ([a-z ]+); do", text)
    assert {f"{part}.json" for part in parts.split()} == {
        path.name for path in (ROOT / "policies" / "deploy" / "aws").glob("*.json")
    }
    role = json.loads((ROOT / "policies" / "deploy" / "azure" / "role.json").read_text())
    (providers,) = re.findall(r"for name in ([A-Za-z ]+); do", text)
    wanted = {action.split("/")[0].removeprefix("Microsoft.") for action in role["Actions"]} - {"Resources"}
    assert set(providers.split()) >= wanted
    assert f"--role '{role['Name']}'" in text
    for path in set(re.findall(r"policies/deploy/\w+/\w+\.json", text)):
        assert (ROOT / path).is_file()


@pytest.mark.e2e
def test_the_guide_leads_from_an_empty_account_to_pipelines_and_back(tmp_path: Path) -> None:
    """With a small stack, by an `aws` that calls the same operations, and a GitHub on loopback."""
    with whole_team(tmp_path, kind="new") as team:
        out = followed(team, commands(GUIDE, "aws"))
        assert "dev on aws: 26 added" in out
        assert team.forge.rulesets and set(team.forge.environments) >= {"dev"}
        assert team.git("ls-tree", "--name-only", "refs/heads/main", ".github/workflows/", where=team.origin)
        assert team.s3().list_buckets()["Buckets"] == []


@pytest.mark.e2e
def test_the_guide_sets_up_a_team(tmp_path: Path) -> None:
    """The part for GitHub, on an empty account; afterwards the cloud accepts the right tokens only."""
    page = tmp_path / "page.md"
    page.write_text(TEAM_SETUP.read_text(encoding="utf-8").partition("## GitLab")[0], encoding="utf-8")
    with whole_team(tmp_path, kind="new whole") as team:
        # the first of the two prints what is missing, and exits with 1
        first = "terrace ci setup github --reviewer team:platform "
        lines = [f"{first} || test $? = 1" if line.startswith(f"{first} ") else line for line in commands(page)]
        out = followed(team, lines)
        assert f"{team.forge.owner_id}\n{team.forge.repository_id}\n" in out
        assert {path.name for path in (team.clone / ".github" / "workflows").iterdir()} >= {
            "plan.yml",
            "apply.yml",
            "drift.yml",
        }
        assert team.forge.rulesets and set(team.forge.environments) >= {"dev"}
        assert "no changes" in team.terrace("bootstrap", "dev", "--yes")


def followed(team: Team, lines: list[str]) -> str:
    """Run a guide's commands in order, by an `aws` that calls the same operations and a `gh` that asks the GitHub on
    loopback; what they print."""
    repository = f"{team.forge.api}/repos/{team.forge.repository}"
    ask = f"curl --silent --noproxy '*' --header \"Authorization: Bearer $GITHUB_TOKEN\" {repository}"
    print_ids = "import json, sys; found = json.load(sys.stdin); print(found['owner']['id'], found['id'], sep='\\n')"
    shim = f"""
        aws() {{ "{sys.executable}" "{Path(__file__).with_name("aws.py")}" "$@"; }}
        terrace() {{ "{sys.executable}" -m terrace.cli.main "$@"; }}
        gh() {{ {ask} | "{sys.executable}" -c "{print_ids}"; }}
    """
    ended = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", shim + "\n".join(lines).replace("GITHUB_TOKEN=...", "GITHUB_TOKEN")],
        cwd=team.clone,
        env={**team.person, **team.github, **_WHO},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-5000:]
    return ended.stdout
