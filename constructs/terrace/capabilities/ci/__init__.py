"""The seam to a CI system: the list of systems, and the import of one system's part of a package by name.

Each system's module here says who issues the tokens of its jobs and what is in them:

- `issuer(spec)`: the issuer's URL, as in the claim `iss`;
- `audience(spec)`: the audience of its tokens for AWS and Google Cloud; "" if the job chooses it;
- `jobs(spec, environment, tier)`: the jobs that may plan and apply an environment (ID-1);
- `condition_keys(spec)`: the claims besides audience and subject that AWS compares;
- `mapping(spec)` and `principal(spec, subject)`: Google's attribute mapping, and the `google.subject` that it gives;
- `admits(spec)`: the claims that every token of the repository has, for Google's condition;
- `file_url(spec, path)`: the web page of a file on the main branch;
- `problems(spec)`: what is wrong in the section `identity` for this system.
"""

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Literal, NamedTuple, get_args

CiName = Literal["github", "gitlab", "azure-devops"]
CI_SYSTEMS: tuple[CiName, ...] = get_args(CiName)
TITLES: Mapping[CiName, str] = {"github": "GitHub", "gitlab": "GitLab", "azure-devops": "Azure DevOps"}

Pipeline = Literal["plan", "apply"]
PIPELINES: tuple[Pipeline, ...] = ("plan", "apply")


class Job(NamedTuple):
    """Jobs that may sign in: their tokens have this subject and these other claims. `name` is unique in an
    environment."""

    name: str
    subject: str
    claims: Mapping[str, str]


def system(package: str, name: CiName, module: str = "") -> ModuleType:
    """Import one CI system's part of a package: `system("terrace.pipelines", "azure-devops")` is
    `terrace.pipelines.azure_devops`; with a module, that one of the package."""
    return importlib.import_module(".".join(filter(None, (package, name.replace("-", "_"), module))))
