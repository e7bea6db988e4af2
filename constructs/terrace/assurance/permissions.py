"""The least permissions to apply the stacks, as files of `policies/deploy/<cloud>`, generated from the stacks.

`types.yaml` there, or the kit's, is written by hand: for each resource type, the permissions to create, read, update
and delete it. `terrace.<cloud>.permissions` writes them in the cloud's format.
"""

from collections.abc import Collection
from pathlib import Path

from terrace.assurance.policy_files import kit_path
from terrace.capabilities.cloud import facts
from terrace.documents.document import plain
from terrace.documents.reading import read
from terrace.errors import AnswerIsNo

FOLDER = Path("policies/deploy")
TABLE = "types.yaml"


def files(root: Path, cloud: str, types: Collection[str]) -> dict[Path, str]:
    """The files by path below `root`, for stacks of these types. Raises AnswerIsNo if the table lacks a type."""
    own = root / FOLDER / cloud / TABLE
    path = own if own.is_file() else kit_path(f"deploy/{cloud}/{TABLE}")
    table: dict[str, dict[str, str]] = plain(read(path, str(FOLDER / cloud / TABLE)).root)
    if missing := sorted(set(types) - set(table)):
        raise AnswerIsNo(
            f"no permissions for {', '.join(missing)}",
            where=str(FOLDER / cloud / TABLE),
            hint="add the permissions to create, read, update and delete one",
        )
    contents = facts(cloud).permission_files({type: table[type] for type in sorted(types)})
    return {FOLDER / cloud / name: content for name, content in contents.items()}
