"""Pipelines: the files of a project for its CI system, and what their jobs do besides calling Terrace's other commands.

The rendered files contain order, rights and approvals only; everything that decides is in this package, where tests
reach it. No job uses an action of a third party.

Each CI system has a package of its own with `FILES`, `client`, `issuer`, `run_url`, and a module `settings`; nothing
else names one.
"""

import os
from collections.abc import Mapping
from types import ModuleType

from terrace.capabilities.ci import CiName, system

_SIGNS: Mapping[str, CiName] = {"GITLAB_CI": "gitlab", "TF_BUILD": "azure-devops"}
"""Variables that a CI system sets in every job."""


def running(environ: Mapping[str, str] = os.environ) -> ModuleType:
    """The package of the CI system that this process runs in; GitHub's if there is no sign of another one."""
    return system(__name__, next((name for sign, name in _SIGNS.items() if environ.get(sign)), "github"))
