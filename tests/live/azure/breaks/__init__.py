"""One change per guarantee that breaks it, and no other, in a deployment that holds them all."""

from collections.abc import Callable

from tests.live.azure.site import Site

Break = Callable[[Site], None]
BREAKS: dict[str, Break] = {}


def breaks(guarantee: str) -> Callable[[Break], Break]:
    """Register the change that breaks a guarantee."""

    def register(function: Break) -> Break:
        assert guarantee not in BREAKS, guarantee
        BREAKS[guarantee] = function
        return function

    return register


from tests.live.azure.breaks import data, network, operations, platform  # noqa: E402, F401  they register themselves
