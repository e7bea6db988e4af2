"""What the server of tests/forked.py imports before it forks: commands, checkov and the checks of every cloud."""

import gc

from terrace.assurance import checks
from terrace.assurance.stack_evaluation import StackEvaluation, checkov, versions
from terrace.capabilities.cloud import CLOUDS
from terrace.cli import apply, gate, plan

with checkov(StackEvaluation()):  # restores the streams that an import of checkov replaces
    from terrace.assurance import checkov_run

    checkov_run.names()
for _cloud in CLOUDS:
    checks.of_cloud(_cloud)
versions()
gc.freeze()  # no process that is forked reads these objects in search of garbage
__all__ = ["apply", "gate", "plan"]
