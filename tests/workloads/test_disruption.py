"""PodDisruptionBudgets."""

from terrace.workloads import disruption
from tests.workloads.conftest import Make, of


def test_components_with_several_pods_have_a_budget(make: Make) -> None:
    prod, dev = make("aws", "prod"), make("aws", "dev")
    budget = of(disruption.objects(prod.modules["warehouse"], prod), "PodDisruptionBudget")["warehouse-web"]
    assert budget["spec"]["selector"] == {"matchLabels": {"app": "warehouse"}}
    assert budget["spec"]["maxUnavailable"] == 1
    assert disruption.objects(dev.modules["warehouse"], dev) == []


def test_pods_of_each_node_have_none(make: Make) -> None:
    prod = make("aws", "prod")
    assert of(disruption.objects(prod.modules["gauge"], prod), "PodDisruptionBudget").keys() == {"gauge-server"}
