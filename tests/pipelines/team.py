"""A team's repository: a small project with rendered workflows, its GitHub on loopback, and its emulated cloud."""

import ast
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from terrace.capabilities.ci import Pipeline
from terrace.emulator import Emulator, Options, start
from tests.conftest import ROOT
from tests.pipelines.forge import ISSUER, Forge
from tests.pipelines.runner import Run, Runner

GUARANTEES = {"COST-1": "cost", "LAKE-1": "lake"}
"""The guarantees that the small stack is held to; a whole foundation would take minutes."""
Kind = Literal["small", "new", "whole", "new whole"]
"""A project with a small stack for dev and staging, or with dev alone and Terrace's own stacks and guarantees (whole).
A new one has dev alone and no pipelines yet: its state is local, and it does not name the repository's ids."""
WHOLE: tuple[Kind, ...] = ("whole", "new whole")
NEW: tuple[Kind, ...] = ("new", "new whole")
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_TERRACE = (sys.executable, "-m", "terrace.cli.main")
_PROJECT = Path(__file__).parent / "project"
_WHO = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def few_guarantees(directory: Path) -> Path:
    """A copy of Terrace with few guarantees; returns the directory to import it from."""
    shutil.copytree(
        ROOT / "constructs", directory / "constructs", ignore=shutil.ignore_patterns("__pycache__"), symlinks=True
    )
    shutil.copytree(ROOT / "policies", directory / "policies", ignore=shutil.ignore_patterns("inventory", "guarantees"))
    (directory / "modules").symlink_to(ROOT / "modules")
    yaml = YAML()
    (directory / "policies" / "guarantees").mkdir()
    for id, capability in GUARANTEES.items():
        every = yaml.load(ROOT / "policies" / "guarantees" / f"{capability}.yaml")
        yaml.dump({id: every[id]}, directory / "policies" / "guarantees" / f"{capability}.yaml")
    for package in ("assurance/checks", "live"):
        for path in (directory / "constructs" / "terrace" / package).rglob("*.py"):
            _keep_checks(path)
    severity = yaml.load(ROOT / "policies" / "severity.yaml")
    severity["guarantees"] = {id: severity["guarantees"][id] for id in GUARANTEES}
    for group in severity["checks"].values():
        if group.get("guarantee", "") not in GUARANTEES:
            group.pop("guarantee", None)
    severity["profiles"] = {tier: {"fails_from": "critical"} for tier in severity["profiles"]}
    yaml.dump(severity, directory / "policies" / "severity.yaml")
    return directory / "constructs"


def _keep_checks(path: Path) -> None:
    """Remove the checks of other guarantees from a module."""
    tree = ast.parse(path.read_text())
    kept = [one for one in tree.body if not (ids := _guarantees_of(one)) or set(ids) & set(GUARANTEES)]
    if len(kept) < len(tree.body):
        tree.body = kept
        path.write_text(ast.unparse(tree))


def _guarantees_of(statement: ast.stmt) -> list[str]:
    """The guarantee that a decorated function checks."""
    return [
        str(decorator.args[0].value)
        for decorator in getattr(statement, "decorator_list", [])
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "check"
        and isinstance(decorator.args[0], ast.Constant)
    ]


@dataclass
class Pull:
    """A pull request. `merge` is the commit that GitHub makes of it to test it."""

    number: int
    branch: str
    head: str
    base: str
    merge: str
    title: str


@contextlib.contextmanager
def whole_team(root: Path, *, kind: Kind = "small", rights: bool = False) -> "Iterator[Team]":
    """A repository with its GitHub and an emulated AWS that verifies the tokens of its jobs. With `rights`, the
    emulator refuses what the policies of a pipeline do not allow."""
    forge = Forge()
    issuers = root / "issuers.json"
    issuers.write_text(json.dumps({ISSUER: forge.jwks}))
    emulator = start("aws", root / "emulator", options=Options(issuers=issuers, rights=rights), parent=os.getpid())
    try:
        constructs = ROOT / "constructs" if kind in WHOLE else few_guarantees(root / "terrace")
        yield Team(root / "team", emulator, forge, constructs, kind)
    finally:
        forge.close()
        emulator.stop()


class Team:
    """The repository and everything around it. `terrace` runs a command as a person at the project's clone."""

    system = "github"

    def __init__(self, root: Path, emulator: Emulator, forge: Forge, constructs: Path, kind: Kind = "small") -> None:
        self.root = root
        self.emulator = emulator
        self.forge = forge
        self.clone = root / "clone"
        self.origin = root / "origin.git"
        self.pulls = 0
        shared = {
            "PYTHONPATH": str(constructs),
            "PYTHONDONTWRITEBYTECODE": "",
            "TEST_PYTHON": sys.prefix,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            **{name: os.environ[name] for name in ("TERRACE_PROVIDER_MIRROR",) if name in os.environ},
        }
        own = emulator.child_environment({"PATH": os.environ["PATH"], "HOME": str(root), "TERM": "dumb"})
        own = {name: value for name, value in own.items() if name not in ("HTTP_PROXY", "NO_PROXY")}
        self.person = own | shared
        # a job has no key of a person: it signs in with its token
        self.job = {name: value for name, value in self.person.items() if name not in (*_CREDENTIALS, "HOME")}
        (root / "runs").mkdir(parents=True)
        self.state = f"dpf-state-{emulator.account['account_id']}"
        self.runner = Runner(forge, self.origin, root / "runs", self.job)
        self._start(kind)

    def _start(self, kind: Kind) -> None:
        shutil.copytree(_PROJECT, self.clone, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "environments", self.clone / "environments", dirs_exist_ok=True)
        if kind in WHOLE:
            shutil.copy(ROOT / "cdktf.json", self.clone)
            shutil.copytree(
                ROOT / "stacks", self.clone / "stacks", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
            )
        yaml = YAML()
        accounts = self.clone / "environments" / "clouds" / "aws.yaml"
        account = yaml.load(accounts)
        kept = ("dev", "staging") if kind == "small" else ("dev",)
        for name in ("dev", "staging", "prod"):
            path = self.clone / "environments" / f"{name}.yaml"
            if name not in kept:
                path.unlink()
                account["environments"].pop(name)
                continue
            content = yaml.load(path)
            if kind not in NEW:
                content["state"] = {"backend": "remote"}
            yaml.dump(content, path)
            # one emulator is one account; dev and staging have different names in it
            account["environments"][name] |= {
                "account_id": self.emulator.account["account_id"],
                "owns_account": name == "dev",
            }
        yaml.dump(account, accounts)
        base = yaml.load(self.clone / "environments" / "base.yaml")
        if kind not in WHOLE:
            base["modules"] = {}
        base["identity"] |= self.identity(kind)
        yaml.dump(base, self.clone / "environments" / "base.yaml")
        for cloud in ("azure", "gcp"):
            (self.clone / "environments" / "clouds" / f"{cloud}.yaml").unlink()
        (self.clone / ".gitignore").write_text(".venv\n.terrace/\ncdktf.out/\n__pycache__/\n")
        (self.clone / ".venv").symlink_to(sys.prefix)
        if kind in NEW:
            shutil.copytree(ROOT / "policies" / "deploy", self.clone / "policies" / "deploy")
        else:
            self.terrace("ci", "render", self.system)
        self.git("init", "--quiet", "--initial-branch", "main", ".")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Start")
        subprocess.run(["git", "clone", "--quiet", "--bare", str(self.clone), str(self.origin)], check=True)
        self.git("remote", "add", "origin", str(self.origin))

    def identity(self, kind: Kind) -> dict[str, Any]:
        """What the environments say of the repository."""
        ids = {"owner_id": str(self.forge.owner_id), "repository_id": str(self.forge.repository_id)}
        return {"repository": self.forge.repository} | ({} if kind in NEW else ids)

    def bootstrap(self, *environments: str) -> None:
        """What a person does before pipelines can: the state's home, and a first apply."""
        self.terrace("bootstrap", environments[0], "--state-only", "--yes")
        self._pipelines()
        for name in environments:
            self.terrace("plan", name)
            self.terrace("apply", name, "--yes")

    def _pipelines(self) -> None:
        """The identities of pipelines with the policies of the bootstrap stack, which this project has not."""
        from terrace.aws import ceiling, names, pipelines
        from terrace.environment import load, target

        iam = self.client("iam")
        identity = load("dev", project=self.clone).environment.identity
        host = identity.issuer_host
        provider = iam.create_open_id_connect_provider(Url=identity.issuer, ClientIDList=["sts.amazonaws.com"])
        for name in ("dev", "staging"):
            environment = load(name, project=self.clone).environment
            account = target(environment)
            boundary = iam.create_policy(
                PolicyName=f"{account.prefix}-boundary", PolicyDocument=ceiling._boundary_policy(account)
            )["Policy"]["Arn"]
            for pipeline, subjects in environment.identity.workflows(name, environment.tier).items():
                condition = {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": list(subjects)}
                statement = {
                    "Effect": "Allow",
                    "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": condition},
                }
                trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
                role = names.role_name(account, f"ci-{pipeline}")
                iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
                managed, policies = {
                    "plan": (
                        "ReadOnlyAccess",
                        {"state": pipelines._planning_policy(account), "no-data": pipelines._no_data_policy(account)},
                    ),
                    "apply": ("PowerUserAccess", {"roles": pipelines._roles_policy(account)}),
                }[pipeline]
                iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{managed}")
                for policy, document in policies.items():
                    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=document)

    def git(self, *arguments: str, where: Path | None = None) -> str:
        finished = subprocess.run(
            ["git", *_WHO, *arguments], cwd=where or self.clone, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, f"git {arguments}: {finished.stderr}"
        return finished.stdout.strip()

    def terrace(self, *arguments: str, code: int = 0, **more: str) -> str:
        """Run a command as a person; returns its output."""
        return self._run(arguments, self.person | more, code).stdout

    def refused(self, *arguments: str, **more: str) -> str:
        """Run a command whose answer must be no, as a person; returns its error."""
        return self._run(arguments, self.person | more, 1).stderr

    def as_pipeline(self, environment: str, pipeline: Pipeline, *arguments: str) -> str:
        """Run a command as an environment's pipeline, in a job of the main branch; returns its output."""
        job = {"environment": environment} if pipeline == "apply" else {}
        token = self.forge.start_job({"id-token": "write"}, self.runner.claims(job, "push", "refs/heads/main"))
        signed_in = ["ci", "token", environment, "--for", pipeline, "--directory", str(self.root / "job"), "--"]
        variables = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.forge.api}/identity?job=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
            "HOME": str(self.root),
        }
        return self._run([*signed_in, *_TERRACE, *arguments], self.job | variables, 0).stdout

    def _run(
        self, arguments: Sequence[str], environ: Mapping[str, str], code: int
    ) -> "subprocess.CompletedProcess[str]":
        command = [*_TERRACE, *arguments]
        finished = subprocess.run(command, cwd=self.clone, env=environ, capture_output=True, text=True, check=False)
        assert finished.returncode == code, f"{arguments}: {finished.returncode}\n{finished.stdout}{finished.stderr}"
        return finished

    def identities(self) -> list[tuple[str, Any]]:
        """The roles of the account, each with its trust."""
        listed = self.client("iam").list_roles()["Roles"]
        return sorted((one["RoleName"], json.dumps(one["AssumeRolePolicyDocument"])) for one in listed)

    @property
    def github(self) -> dict[str, str]:
        """The variables with which a person's commands ask GitHub."""
        return {"GITHUB_API_URL": self.forge.api, "GITHUB_TOKEN": self.forge.owner}

    def changes(self, environment: str) -> list[Any]:
        """What a plan would change."""
        return list(json.loads(self.terrace("plan", environment, "--json"))["changes"])

    def propose(self, branch: str, edit: dict[str, Any], title: str = "A change") -> Pull:
        """A pull request that sets keys of environment files: file to dotted path to value."""
        self.git("fetch", "--quiet", "origin")
        self.git("checkout", "--quiet", "-B", "work", "origin/main")
        yaml = YAML()
        for name, settings in edit.items():
            path = self.clone / name
            content = yaml.load(path) if path.suffix == ".yaml" and "workflows" not in name else None
            if content is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(settings)
                continue
            for dotted, value in settings.items():
                *parents, last = dotted.split(".")
                at = content
                for key in parents:
                    at = at.setdefault(key, {})
                at[last] = value
            yaml.dump(content, path)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", title)
        head, base = self.git("rev-parse", "HEAD"), self.git("rev-parse", "origin/main")
        self.pulls += 1
        self.git("checkout", "--quiet", "--detach", "origin/main")
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge {head} into {base}", head)
        merge = self.git("rev-parse", "HEAD")
        self.git("push", "--quiet", "origin", f"{head}:refs/heads/{branch}", f"{merge}:refs/pull/{self.pulls}/merge")
        return Pull(self.pulls, branch, head, base, merge, title)

    def check(self, pull: Pull, *, fork: bool = False) -> Run:
        """Run the plan workflow of a pull request."""
        head = {
            "ref": pull.branch,
            "sha": pull.head,
            "repo": {"full_name": "mallory/terrace" if fork else self.forge.repository},
        }
        base = {"ref": "main", "sha": pull.base, "repo": {"full_name": self.forge.repository}}
        content = {"number": pull.number, "title": pull.title, "head": head, "base": base}
        payload = {"action": "opened", "number": pull.number, "pull_request": content}
        return self.runner.run("plan.yml", "pull_request", payload, pull.merge, f"refs/pull/{pull.number}/merge")

    def land(self, pull: Pull) -> dict[str, Any]:
        """Merge a pull request; returns the event of the push."""
        self.git("push", "--quiet", "origin", f"{pull.merge}:refs/heads/main")
        return {"before": pull.base, "after": pull.merge, "ref": "refs/heads/main"}

    def merge(self, pull: Pull) -> Run:
        """Merge a pull request and run the apply workflow."""
        return self.runner.run("apply.yml", "push", self.land(pull), pull.merge, "refs/heads/main")

    def drift(self, environment: str) -> Run:
        """Run the drift workflow's job of an environment on the main branch."""
        commit = self.git("rev-parse", "refs/heads/main", where=self.origin)
        event, job = {"schedule": "23 5 * * *"}, f"drift-{environment}"
        return self.runner.run("drift.yml", "schedule", event, commit, "refs/heads/main", job)

    def evidence(self, environment: str) -> list[str]:
        """The kinds of the records of an environment, oldest first."""
        return [
            str(one["kind"]) for one in json.loads(self.terrace("evidence", "list", environment, "--json"))["records"]
        ]

    def s3(self) -> Any:
        """A client of the emulated S3, as a person."""
        return self.client("s3")

    def client(self, service: str) -> Any:
        import boto3

        session = boto3.Session(aws_access_key_id="person", aws_secret_access_key="person")
        endpoint = f"http://127.0.0.1:{self.emulator.backend_port}"
        return session.client(service, region_name=self.emulator.region, endpoint_url=endpoint)  # type: ignore[call-overload]

    def buckets(self) -> list[str]:
        """The buckets but those of the states and of the states' request logs."""
        found = [str(one["Name"]) for one in self.s3().list_buckets()["Buckets"]]
        return [name for name in found if not name.startswith(self.state)]

    def locks(self) -> list[str]:
        """The locks of states."""
        listed = self.s3().list_objects_v2(Bucket=self.state).get("Contents", [])
        return [str(one["Key"]) for one in listed if one["Key"].endswith(".tflock")]

    def comment(self, number: int) -> str:
        """The only comment of a pull request."""
        (comment,) = self.forge.comments.get(number, [{"body": ""}])
        return str(comment["body"])
