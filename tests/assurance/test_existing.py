"""An environment with the lines of docs/guides/existing.md on every cloud: what follows from them."""

import json
import re
import shutil
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from terrace import engine
from terrace.assurance import checks, gate
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Result
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS, facts
from terrace.capabilities.existing import ExistingSpec
from terrace.capabilities.keys import PURPOSES
from terrace.environment import Loaded, load, target
from terrace.environment.rules import existing as rules
from terrace.environment.schema import Environment
from terrace.project import basis
from tests.conftest import ROOT

app = engine.app("unused")  # before any other import of the CDK
from terrace.stacks.bootstrap import Bootstrap  # noqa: E402
from terrace.stacks.foundation import Foundation  # noqa: E402

KINDS = ("keys", "network", "cluster", "registry", "monitoring", "dns_zone")
"""The sections of the guide, each with the lines of every cloud in order."""
CLOUDS_WITH = {"monitoring": ("azure", "gcp")}
"""The clouds of a kind that not every cloud has."""
CASES = [(kind, cloud) for kind in KINDS for cloud in CLOUDS_WITH.get(kind, CLOUDS)]
BY_OWNER = {
    "keys": {"KEY-1", "KEY-2", "KEY-3"},
    "network": {"NET-1", "NET-2", "NET-3", "NET-4", "NET-5", "NET-8"},
    "registry": {"K8S-10"},
    "monitoring": {"OBS-1", "K8S-3"},
    "dns_zone": set(),
    "cluster": {*(f"K8S-{number}" for number in range(1, 10)), "K8S-11"},
}
DEPENDENT = {
    ("cluster", "azure"): {"AUD-2", "AUD-3", "BAK-2"},
    ("dns_zone", "gcp"): {"NET-8"},
    ("monitoring", "azure"): {"AUD-5"},
    ("cluster", "gcp"): {"AUD-2", "BAK-2", "K8S-10"},
}
"""Guarantees of other capabilities that the kind carries in part."""
NAMED = (
    {("keys", cloud): "database, lake" for cloud in CLOUDS}
    | {("cluster", cloud): "data" for cloud in CLOUDS}
    | {
        ("network", "aws"): "vpc-0c1d2e3f4a5b6c7d8",
        ("network", "azure"): "data",
        ("network", "gcp"): "data",
        ("registry", "aws"): "data",
        ("registry", "azure"): "acmehub",
        ("registry", "gcp"): "data",
        ("monitoring", "azure"): "acme",
        ("monitoring", "gcp"): "data",
        ("dns_zone", "aws"): "Z0123456789ABCDEFGHIJ",
        ("dns_zone", "azure"): "dev.data.example.com",
        ("dns_zone", "gcp"): "data",
    }
)
KEYS = {"aws": "aws_kms_key", "azure": "azurerm_key_vault_key", "gcp": "google_kms_crypto_key"}
NETWORKS = {
    "aws": ("aws_vpc", "aws_subnet", "aws_route_table", "aws_nat_gateway", "aws_security_group", "aws_flow_log"),
    "azure": ("azurerm_virtual_network", "azurerm_subnet", "azurerm_nat_gateway", "azurerm_network_security_group"),
    "gcp": ("google_compute_network", "google_compute_subnetwork", "google_compute_router", "google_compute_firewall"),
}
CLUSTERS = {
    "aws": ("aws_eks_cluster", "aws_eks_node_group", "aws_eks_addon", "aws_eks_access_entry", "aws_launch_template"),
    "azure": ("azurerm_kubernetes_cluster", "azurerm_kubernetes_cluster_node_pool"),
    "gcp": ("google_container_cluster", "google_container_node_pool"),
}
BINDINGS = {
    "aws": ("aws_eks_pod_identity_association", "cluster_name"),
    "azure": ("azurerm_federated_identity_credential", "issuer"),
    "gcp": ("google_service_account_iam_member", "member"),
}
"""What binds an identity to pods, and its attribute that names the cluster."""
REGISTRIES = {
    "aws": ("aws_ecr_repository", "aws_ecr_registry_scanning_configuration", "aws_ecr_replication_configuration"),
    "azure": ("azurerm_container_registry",),
    "gcp": ("google_artifact_registry_repository",),
}
IMAGES = {
    "aws": "999900001111.dkr.ecr.eu-central-1.amazonaws.com/data/airflow",
    "azure": "acmehub.azurecr.io/dpf-dev/airflow",
    "gcp": "europe-west3-docker.pkg.dev/acme-images/data/airflow",
}
PULLS = {
    "azure": ("azurerm_role_assignment", "scope", "acmehub", "another"),
    "gcp": ("google_artifact_registry_repository_iam_member", "repository", "data", "another"),
}
"""The nodes' right on the existing registry, the attribute that names it, its name, and another name."""
LOGS = {
    "azure": ("azurerm_log_analytics_workspace", "azurerm_monitor_diagnostic_setting", "log_analytics_workspace_id"),
    "gcp": ("google_logging_project_bucket_config", "google_logging_project_sink", "destination"),
}
"""The type of a store of logs, of what sends them, and the attribute of these with the store."""
ZONES = {
    "aws": ("aws_route53_zone", "aws_route53_record", "zone_id"),
    "azure": ("azurerm_dns_zone", "azurerm_dns_a_record", "zone_name"),
    "gcp": ("google_dns_managed_zone", "google_dns_record_set", "managed_zone"),
}
"""The type of a zone, of its names, and the attribute of these with the zone."""
BOUND = {"aws": "data", "azure": "oic.prod-aks", "gcp": "acme-data-dev.svc.id.goog"}
OTHER_CLUSTER = {"aws": "other", "azure": "oic.other", "gcp": "other.svc.id.goog"}
OTHER_KEY = {
    "aws": ("000000000001", "000000000009"),
    "azure": ("net/keys/lake", "net/keys/other"),
    "gcp": ("data/cryptoKeys/lake", "data/cryptoKeys/other"),
}
Environments = Callable[[str, str], Environment]
Stack = dict[str, Any]


def lines(kind: str, cloud: str) -> str:
    page = (ROOT / "docs" / "guides" / "existing.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return [one for one in blocks if one.startswith(f"existing:\n  {kind}:")][
        CLOUDS_WITH.get(kind, CLOUDS).index(cloud)
    ]


@pytest.fixture(scope="module")
def existing(loaded: Callable[[str, str], Loaded]) -> Environments:
    """The environment alone."""
    return lambda kind, cloud: loaded(kind, cloud).environment


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Loaded]:
    """dev with the guide's lines of a kind."""

    @cache
    def of(kind: str, cloud: str) -> Loaded:
        root = tmp_path_factory.mktemp(f"existing-{kind}-{cloud}")
        for folder in ("environments", "modules"):
            shutil.copytree(ROOT / folder, root / folder)
        dev = root / "environments" / "dev.yaml"
        text = dev.read_text()
        if kind == "cluster":  # its owner stops its nodes
            text = re.sub(r"\n  sleep: .*", "", text)
        dev.write_text(f"{text}\n{lines(kind, cloud)}")
        return load("dev", project=root, cloud=cloud)

    return of


def stack_of(environment: Environment) -> Stack:
    """The foundation and what it rests on, as one stack."""
    app, account = engine.app("unused"), target(environment)
    stacks = Foundation(app, environment, account), Bootstrap(app, "bootstrap", environment, account)
    foundation, below = (json.loads(json.dumps(stack.to_terraform())) for stack in stacks)
    return basis.joined(basis.with_basis(foundation, below["resource"]))


def results(environment: Environment, stack: Stack) -> dict[str, Result]:
    subject = Subject(View(stack), environment, target(environment))
    return {result.guarantee.id: result for result in checks.evaluate(subject)}


def paths(stack: Stack, type: str) -> set[str]:
    bodies = stack["resource"].get(type, {}).values()
    return {str(body["//"]["metadata"]["path"]).partition("/")[2] for body in bodies}


@pytest.mark.parametrize(("kind", "cloud"), CASES)
def test_the_gate_passes_and_guarantees_of_the_kind_are_by_the_owner(
    kind: str, cloud: str, loaded: Callable[[str, str], Loaded]
) -> None:
    dev = loaded(kind, cloud)
    judged = gate.evaluate(dev, json.dumps(stack_of(dev.environment)), gate.policies(ROOT, ends=False))
    assert [f"{one.id} {one.resource}: {one.sentence}" for one in judged.blocking] == []
    found = {result.guarantee.id: result for result in judged.results}
    carried = BY_OWNER[kind] | DEPENDENT.get((kind, cloud), set())
    others = BY_OWNER["network"] if kind == "cluster" else set()
    assert {id for id, result in found.items() if result.status == "by_owner"} == carried | others
    reason = f"existing {kind} ({NAMED[kind, cloud]}): its owner carries it"
    assert {found[id].reason for id in carried} <= {reason}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_existing_keys_are_used_and_not_made(cloud: str, existing: Environments) -> None:
    environment = existing("keys", cloud)
    stack = stack_of(environment)
    made = paths(stack, KEYS[cloud])
    assert "keys/audit" in made and not {"keys/lake", "keys/database"} & made
    for id in environment.existing.keys.values():
        assert id in json.dumps(stack)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_existing_network_is_used_and_not_made(cloud: str, existing: Environments) -> None:
    """No type of it is in the stack, so that `terrace permissions` gives no right to make one."""
    environment = existing("network", cloud)
    stack = stack_of(environment)
    assert {type for type in NETWORKS[cloud] if type in stack["resource"]} == set()
    network, text = environment.existing.network, json.dumps(stack)
    assert network is not None
    for id in (network.id, *(ids[0] for ids in network.subnets.values()), *network.groups.values()):
        assert id in text or id.endswith("/data")  # Cloud SQL and Memorystore find their subnet by a policy


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_existing_cluster_is_used_and_not_made(cloud: str, existing: Environments) -> None:
    environment = existing("cluster", cloud)
    stack = stack_of(environment)
    assert {type for type in CLUSTERS[cloud] if type in stack["resource"]} == set()
    bound = [str(body.get(key)) for type, key in [BINDINGS[cloud]] for body in stack["resource"][type].values()]
    assert any(BOUND[cloud] in one for one in bound) and not any("${" in one and "cluster" in one for one in bound)
    cluster = environment.existing.cluster
    assert cluster is not None
    assert stack["output"]["cluster"]["value"] == {
        "name": "data",
        "endpoint": cluster.endpoint,
        "certificate_authority": cluster.certificate_authority,
    }


@pytest.mark.parametrize("cloud", CLOUDS)
def test_pods_of_another_cluster_than_the_existing_one_are_broken(cloud: str, existing: Environments) -> None:
    """Mutant: the identities are bound to another cluster than the environment's."""
    environment = existing("cluster", cloud)
    stack = stack_of(environment)
    type, key = BINDINGS[cloud]
    for body in stack["resource"][type].values():
        if BOUND[cloud] in str(body.get(key)):
            body[key] = str(body[key]).replace(BOUND[cloud], OTHER_CLUSTER[cloud])
    assert "broken" in {result.status for result in results(environment, stack).values()}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_existing_registry_is_used_and_not_made(cloud: str, existing: Environments) -> None:
    stack = stack_of(existing("registry", cloud))
    assert {type for type in REGISTRIES[cloud] if type in stack["resource"]} == set()
    assert stack["output"]["repositories"]["value"]["airflow"] == IMAGES[cloud]
    assert IMAGES[cloud].startswith(f"{stack['output']['registry']['value']}/")


@pytest.mark.parametrize("cloud", PULLS)
def test_pulling_from_another_registry_than_the_existing_one_is_broken(cloud: str, existing: Environments) -> None:
    """Mutant: the nodes get the right to pull images of another registry."""
    environment = existing("registry", cloud)
    stack = stack_of(environment)
    type, key, name, another = PULLS[cloud]
    (right,) = (body for body in stack["resource"][type].values() if str(body.get(key)).endswith(name))
    right[key] = str(right[key]).removesuffix(name) + another
    assert results(environment, stack)["K8S-10"].status == "broken"


@pytest.mark.parametrize("cloud", LOGS)
def test_an_existing_store_has_the_logs(cloud: str, existing: Environments) -> None:
    environment = existing("monitoring", cloud)
    stack = stack_of(environment)
    store, sender, key = LOGS[cloud]
    assert not {"observability/workspace", "observability/platform-log"} & paths(stack, store)
    monitoring = environment.existing.monitoring
    assert monitoring is not None
    assert any(str(body.get(key)).endswith(monitoring.id) for body in stack["resource"][sender].values())


@pytest.mark.parametrize("cloud", LOGS)
def test_logs_in_another_store_than_the_existing_one_are_broken(cloud: str, existing: Environments) -> None:
    """Mutant: what sends logs has another destination."""
    environment = existing("monitoring", cloud)
    stack = stack_of(environment)
    _, sender, key = LOGS[cloud]
    for body in stack["resource"][sender].values():
        if environment.existing.monitoring and str(body.get(key)).endswith(environment.existing.monitoring.id):
            body[key] += "-other"
    assert results(environment, stack)["OBS-1"].status == "broken"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_existing_dns_zone_has_the_names_of_the_entry(cloud: str, existing: Environments) -> None:
    stack = stack_of(existing("dns_zone", cloud))
    zone, record, key = ZONES[cloud]
    assert "entry/zone" not in paths(stack, zone)
    zones = [body[key] for body in stack["resource"][record].values() if "/entry/" in body["//"]["metadata"]["path"]]
    assert len(zones) > 1 and set(zones) == {NAMED["dns_zone", cloud]}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_another_dns_zone_than_the_existing_one_is_broken(cloud: str, existing: Environments) -> None:
    """Mutant: components may change the names of another zone."""
    environment = existing("dns_zone", cloud)
    text = json.dumps(stack_of(environment))
    id = str(environment.existing.dns_zone)
    for old in (id, f'"{NAMED["dns_zone", cloud]}"'):
        text = text.replace(old, f"{old[:-2]}X{old[-1]}")
    assert results(environment, json.loads(text))["ID-2"].status == "broken"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_another_key_than_the_existing_one_is_broken(cloud: str, existing: Environments) -> None:
    """Mutant: the lake is encrypted with another key than the environment's."""
    environment = existing("keys", cloud)
    changed = json.loads(json.dumps(stack_of(environment)).replace(*OTHER_KEY[cloud]))
    assert results(environment, changed)["LAKE-2"].status == "broken"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_key_that_a_cloud_uses_can_be_existing(cloud: str, existing: Environments) -> None:
    environment = existing("keys", cloud)
    id = environment.existing.keys["lake"]
    keys = {
        purpose: id.replace("000000000001", f"{number:012}") if cloud == "aws" else id.removesuffix("lake") + purpose
        for number, purpose in enumerate(PURPOSES)
        if purpose not in facts(cloud).existing.unused_keys
    }
    every = environment.model_copy(update={"existing": ExistingSpec(keys=keys)})
    assert [*rules.key_ids_are_of_cloud(every), *rules.keys_can_be_existing(every)] == []
    found = results(every, stack_of(every))
    assert {id: result.reason for id, result in found.items() if not result.passes} == {}
    assert {id for id, result in found.items() if result.status == "by_owner"} == BY_OWNER["keys"]
