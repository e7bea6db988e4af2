"""The module airflow: what its values are on each cloud and for each of its versions."""

import ast
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.workloads import manifests, password_file, policies
from terrace.workloads.context import Object
from terrace.workloads.policy_evaluation import violations
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads import runners, shipped
from tests.workloads.conftest import Make


@pytest.fixture
def of(make: Make) -> Any:
    """The values of the module on a cloud, with settings."""

    def found(cloud: str = "aws", **settings: Any) -> dict[str, Any]:
        context = shipped.context(make(cloud, "prod"), "airflow", **settings)
        return values(context.modules["airflow"], context)

    return found


@pytest.mark.parametrize(
    ("cloud", "folder"),
    [
        ("aws", "s3://dpf-dev-silver/task-logs/airflow-logs"),
        ("azure", "wasb://task-logs/airflow-logs"),
        ("gcp", "gs://dpf-dev-silver/task-logs/airflow-logs"),
    ],
)
def test_logs_of_tasks_are_in_the_folder_of_their_data_product(of: Any, cloud: str, folder: str) -> None:
    found = of(cloud)
    assert found["config"]["logging"]["remote_base_log_folder"] == folder
    env = {one["name"]: one["value"] for one in found["env"]}
    connection = next(name for name in env if name.startswith("AIRFLOW_CONN_"))
    assert found["config"]["logging"]["remote_log_conn_id"] == connection.removeprefix("AIRFLOW_CONN_").lower()
    if cloud == "azure":
        assert found["config"]["azure_remote_logging"]["remote_wasb_log_container"] == "silver"
        assert "https://dpfdevsilver.blob.core.windows.net" in env[connection]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_writers_to_bronze_send_checksums_where_it_asks_for_them(of: Any, cloud: str) -> None:
    env = {one["name"]: one["value"] for one in of(cloud)["env"]}
    assert ("AWS_CHECKSUM_ALGORITHM" in env) == ("AWS_REQUEST_CHECKSUM_CALCULATION" in env) == (cloud == "aws")


def test_only_what_needs_the_database_can_log_in_to_it(of: Any) -> None:
    found = of()
    assert "PGPASSFILE" not in str(found["workers"]) and "PGPASSFILE" not in str(found["env"])
    for part in ("scheduler", "apiServer", "dagProcessor", "triggerer"):
        assert found[part]["extraInitContainers"][0]["name"] == password_file.CONTAINER
    assert "PGPASSFILE" in str(of(version="2.9.3")["workers"])


def test_tasks_are_pods_and_no_broker_is_used(of: Any) -> None:
    for version in ("3.2.2", "2.9.3"):
        found = of("gcp", version=version)
        assert found["executor"] == "KubernetesExecutor"
        assert not any(found[part]["enabled"] for part in ("redis", "postgresql", "flower", "migrateDatabaseJob"))


def test_lineage_goes_to_the_service_or_into_the_logs(of: Any) -> None:
    assert of()["config"]["openlineage"]["transport"] == '{"type": "console"}'
    assert (
        "https://lineage.example.com" in of(lineage="https://lineage.example.com")["config"]["openlineage"]["transport"]
    )


def test_the_log_in_is_code_and_verifies_the_token(of: Any) -> None:
    for version, part, key in (("3.2.2", "apiServer", "apiServerConfig"), ("2.9.3", "webserver", "webserverConfig")):
        text = of(version=version)[part][key]
        assigned = {ast.unparse(one.targets[0]) for one in ast.parse(text).body if isinstance(one, ast.Assign)}
        assert {"ROLES", "AUTH_TYPE", "SECURITY_MANAGER_CLASS"} <= assigned
        assert "audience=AUDIENCE, issuer=ISSUER" in text
        assert f'"{shipped.KEYS}", "{shipped.ISSUER}", "airflow-client"' in text


def test_pods_of_tasks_meet_the_policies(make: Make) -> None:
    """Airflow makes them from a template in a ConfigMap, so the check of the chart's objects does not see them."""
    dags = {"repository": "https://git.example.com/dags.git", "ref": "main", "folder": "dags", "secret": "git"}
    context = shipped.context(make("azure", "prod"), "airflow", dags=dags)
    objects = shipped.rendered(context, "airflow")
    template = next(one for one in objects if "pod_template_file.yaml" in one.get("data", {}))
    pod: Object = manifests.values(template["data"]["pod_template_file.yaml"]) or {}
    pod["metadata"]["namespace"] = "airflow"
    law = policies.rendered(ROOT, policies.parameters(context))
    broken = {one.policy for one in violations([pod], law, [])}
    assert broken <= {"images-pinned-by-digest", "namespaces-have-network-policies"}  # of images, of the namespace
    assert pod["spec"]["serviceAccountName"] == "airflow"
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"


@pytest.mark.parametrize("version", ["3.2.2", "2.9.3"])
def test_no_account_may_run_commands_in_pods(make: Make, version: str) -> None:
    """The gate refuses such a role (CKV2_K8S_2); the module's own role makes the pods of tasks."""
    context = shipped.context(make("aws", "prod"), "airflow", version=version)
    granted = {
        (resource, verb)
        for role in [*shipped.rendered(context, "airflow"), *runners.rendered(context, "airflow", "airflow-tasks")]
        if role["kind"] in ("Role", "ClusterRole")
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert ("pods", "create") in granted
    assert not {resource for resource, _ in granted} & {"pods/exec", "nodes/proxy", "*"}
