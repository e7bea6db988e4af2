"""The declared network paths."""

from terrace.workloads.context import Context
from terrace.workloads.openings import Opening, openings
from tests.workloads.conftest import Make


def _paths(context: Context) -> set[tuple[str, str, int]]:
    return {(one.source, one.destination, one.port) for one in openings(context)}


def test_the_openings_of_an_environment(make: Make) -> None:
    assert _paths(make()) == {
        # callers
        ("kubernetes-api", "vault", 10250),
        ("kubernetes-api", "law", 9443),
        ("entry", "door", 8443),
        ("entry", "door", 8080),
        ("warehouse", "gauge", 9090),
        ("door", "warehouse", 8088),  # also from its host name
        # calls
        *((name, "kubernetes-api", 443) for name in ("vault", "law", "door", "gauge", "scaler")),
        ("vault", "cloud", 443),
        ("scaler", "cloud", 443),
        ("gauge", "nodes", 10250),
        ("gauge", "nodes", 9090),
        ("gauge", "nodes", 9100),
        ("loader", "warehouse", 8088),  # and no other port of warehouse
        ("warehouse", "internet", 443),
        # needs and metrics
        ("warehouse", "database", 5432),
        ("loader", "database", 5432),
        ("warehouse", "cache", 6379),
        ("warehouse", "lake", 443),
        ("gauge", "warehouse", 9102),
    }


def test_openings_are_sorted_and_unique(context: Context) -> None:
    found = openings(context)
    assert found == sorted(found)
    assert len(_paths(context)) == len(found)


def test_a_path_to_a_module_that_is_not_enabled_is_left_out(make: Make) -> None:
    context = make(modules=("loader", "vault"))
    ends = {end for one in openings(context) for end in (one.source, one.destination)}
    assert "warehouse" not in ends and "absent" not in ends


def test_all_is_every_other_module(make: Make) -> None:
    context = make()
    module = context.modules["warehouse"]
    network = module.contract.network.model_copy(update={"called_by": {"web": ("all",)}})
    changed = make(change={"warehouse": {"contract": module.contract.model_copy(update={"network": network})}})
    callers = {one.source for one in openings(changed) if (one.destination, one.port) == ("warehouse", 8088)}
    assert callers == set(context.modules) - {"warehouse"}


def test_a_host_opens_the_declared_port_of_its_service(make: Make) -> None:
    context = make()
    module = context.modules["warehouse"]
    host = module.needs.hosts["warehouse"].model_copy(update={"port": 9102})
    needs = module.needs.model_copy(update={"hosts": {"warehouse": host}})
    changed = make(change={"warehouse": {"contract": module.contract.model_copy(update={"needs": needs})}})
    assert Opening("door", "warehouse", 9102, "host warehouse") in openings(changed)
