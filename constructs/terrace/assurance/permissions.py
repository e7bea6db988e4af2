"""The least rights that applying takes, as files of `policies/deploy/<cloud>`: made of what the stacks contain.

`types.yaml` there is written by hand: type of resource to what making, reading, changing and removing it takes. How a
cloud writes rights down is told by `terrace.<cloud>.permissions`.
"""

from collections.abc import Collection
from pathlib import Path

from terrace.capabilities.cloud import facts
from terrace.environment.document import plain
from terrace.environment.reading import read
from terrace.errors import AnswerIsNo

FOLDER = Path("policies/deploy")
TABLE = "types.yaml"


def files(root: Path, cloud: str, types: Collection[str]) -> dict[Path, str]:
    """Path below `root` to content, for stacks of these types. Raises AnswerIsNo for a type that the table has not."""
    written: dict[str, dict[str, str]] = plain(read(root / FOLDER / cloud / TABLE, str(FOLDER / cloud / TABLE)).root)
    if missing := sorted(set(types) - set(written)):
        raise AnswerIsNo(
            f"no permissions are known of {', '.join(missing)}",
            where=str(FOLDER / cloud / TABLE),
            hint="add what making, reading, changing and removing one takes",
        )
    if unused := sorted(set(written) - set(types)):
        raise AnswerIsNo(f"no stack has a {', '.join(unused)}", where=str(FOLDER / cloud / TABLE), hint="leave it out")
    made = facts(cloud).permission_files({type: written[type] for type in sorted(types)})
    return {FOLDER / cloud / name: content for name, content in made.items()}
