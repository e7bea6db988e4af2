"""Several mutants in one stack, each of which breaks other guarantees: one evaluation is about all of them.

Each mutant breaks the guarantees that it names and no others (tests/assurance/test_mutants.py), so that a guarantee
which is broken in such a stack is broken by its mutant. One mutant may undo another one: what is missed together is
evaluated alone.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from tests.assurance.mutants import Mutant, Stack


def missed(
    mutants: Sequence[Mutant], text: str, miss: Callable[[list[Mutant], Stack], Collection[Mutant]]
) -> list[Mutant]:
    """The mutants of a stack, given as JSON text, that `miss` misses: it gets some and the stack that has them."""
    return [
        mutant
        for group, document in _groups(mutants, text)
        for mutant in miss(group, document)
        if len(group) == 1 or miss([mutant], _mutated([mutant], text))
    ]


def _groups(mutants: Sequence[Mutant], text: str) -> Iterator[tuple[list[Mutant], Stack]]:
    """Groups of mutants, each with the mutated stack. A mutant that adds, removes or multiplies resources is alone."""
    clean = _shape(json.loads(text))
    grouped: list[list[Mutant]] = []
    for mutant in mutants:
        if _shape(_mutated([mutant], text)) != clean:
            yield [mutant], _mutated([mutant], text)
            continue
        for group in grouped:
            if not set(mutant.breaks) & {id for other in group for id in other.breaks}:
                group.append(mutant)
                break
        else:
            grouped.append([mutant])
    for group in grouped:
        try:
            yield group, _mutated(group, text)
        except (LookupError, StopIteration, TypeError, AttributeError):  # an edit of what another one removed
            yield from (([mutant], _mutated([mutant], text)) for mutant in group)


def _shape(document: Stack) -> dict[str, Any]:
    """The addresses, each with its `lifecycle` and its number."""
    return {
        f"{type}.{name}": [body.get(one) for one in ("lifecycle", "count", "for_each")]
        for type, group in document["resource"].items()
        for name, body in group.items()
    }


def _mutated(mutants: Sequence[Mutant], text: str) -> Stack:
    document: Stack = json.loads(text)
    for mutant in mutants:
        mutant.edit(document)
    return document
