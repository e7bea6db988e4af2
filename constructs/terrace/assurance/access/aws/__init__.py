"""The access model's reader of AWS."""

from terrace.assurance.access.aws import grants, network, types
from terrace.assurance.access.aws.declared import declared
from terrace.assurance.access.model import Access, Grant, Path, Unknown
from terrace.assurance.checks import Subject


def read(stack: Subject) -> Access:
    """The paths and grants of a stack."""
    found = [*network.paths(stack), *grants.grants(stack), *types.unknown(stack)]
    return Access(
        paths=tuple(one for one in found if isinstance(one, Path)),
        grants=tuple(one for one in found if isinstance(one, Grant)),
        unknown=tuple(one for one in found if isinstance(one, Unknown)),
    )


__all__ = ["declared", "read"]
