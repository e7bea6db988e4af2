"""The corpus: dangerous edits of the prod stack, as data, one folder per cloud. The gate has to block each of them.

Mutants prove that each guarantee has a check that fails; the corpus is what a careless or malicious engineer would do.
"""

from dataclasses import dataclass

from tests.assurance.mutants import Edit


@dataclass(frozen=True)
class Danger:
    """One edit. `resource` is the type and construct path (or address) that a finding has to name."""

    kind: str
    sentence: str
    edit: Edit
    resource: str
