"""PodMonitors."""

from pathlib import Path

from terrace.workloads import monitoring

from . import crds
from .modules_fixture import PROVIDERS, context, one

APP = """
network:
  ports: {http: 8080, metrics: 9102}
observability:
  scrape:
    - {port: metrics, path: /stats, pods: {app: web}}
"""


def test_endpoint_is_scraped_at_its_declared_port(tmp_path: Path) -> None:
    of = context(tmp_path, prometheus=PROVIDERS["prometheus"], app=APP)
    objects = monitoring.objects(of.modules["app"], of)
    monitor = one(objects, "PodMonitor")
    assert monitor["metadata"]["namespace"] == "app-ns"
    assert monitor["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert (endpoint["portNumber"], endpoint["path"]) == (9102, "/stats")
    assert monitoring.objects(of.modules["prometheus"], of) == []


def test_nothing_without_a_provider_of_metrics(tmp_path: Path) -> None:
    of = context(tmp_path, app=APP)
    assert monitoring.objects(of.modules["app"], of) == []


def test_objects_match_their_definitions(tmp_path: Path) -> None:
    of = context(tmp_path, prometheus=PROVIDERS["prometheus"], app=APP)
    assert crds.errors(monitoring.objects(of.modules["app"], of)) == []
