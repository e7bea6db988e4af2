"""What an environment's choice of modules resolves to: order, defaults, and what does not fit together."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CloudName
from terrace.capabilities.target import Tier
from terrace.modules.contract import ModuleSize
from terrace.modules.loading import LoadedModule, folders, load
from terrace.modules.resolution import Resolution, resolve, services
from tests.conftest import ROOT
from tests.modules.conftest import Write


@dataclass(frozen=True)
class Chosen:
    enabled: bool = True
    size: ModuleSize | None = None
    namespace: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def resolved(
    project: Path,
    *names: str,
    cloud: CloudName = "aws",
    tier: Tier = "dev",
    gpu: bool = False,
    clients: tuple[str, ...] = (),
    **more: Chosen,
) -> Resolution:
    chosen = {name: Chosen() for name in names} | more
    available = {name: folder for name, folder in folders(project).items() if folder.is_relative_to(project)}
    return resolve(chosen, available, project=project, cloud=cloud, tier=tier, gpu=gpu, clients=clients)


def problems(project: Path, *names: str, gpu: bool = False, **more: Chosen) -> list[str]:
    return [str(problem) for problem in resolved(project, *names, gpu=gpu, **more).problems]


def order(project: Path, *names: str) -> list[str]:
    resolution = resolved(project, *names)
    assert resolution.problems == ()
    installed = list(resolution.enabled)
    for position, name in enumerate(installed):
        assert set(resolution.enabled[name].after) <= set(installed[:position]), name
    return installed


@pytest.mark.parametrize(("tier", "size"), [("dev", "small"), ("staging", "medium"), ("prod", "large")])
def test_the_size_is_that_of_the_tier(write: Write, tier: Tier, size: str) -> None:
    assert resolved(write("shop"), "shop", tier=tier).enabled["shop"].size == size
    assert resolved(write("ledger"), ledger=Chosen(size="large"), tier=tier).enabled["ledger"].size == "large"


def test_the_environment_overrides_namespace_settings_and_values(write: Write) -> None:
    project = write("shop", "settings: {currency: EUR, limit: 5}\n")
    choice = Chosen(namespace="web", settings={"limit": 6}, values={"replicas": 2})
    module = resolved(project, shop=choice).enabled["shop"]
    assert (module.name, module.namespace, module.values) == ("shop", "web", {"replicas": 2})
    assert module.settings == {"currency": "EUR", "limit": 6}
    assert module.folder == project / "modules" / "shop"
    assert resolved(project, "shop").enabled["shop"].namespace == "shop"


VERSIONS = """
images: [{repository: ghcr.io/acme/shop, tag: "1.4.2"}]
chart: {repository: "https://charts.example.com", name: shop, version: 3.0.0}
versions:
  0.9.1:
    chart: {repository: "https://charts.example.com", name: shop, version: 1.7.0}
    images: [{repository: ghcr.io/acme/shop, tag: "0.9.1"}]
    services: {shop: old-shop}
needs: {hosts: {shop: {service: shop, port: 80, login: none}}}
settings: {version: 1.4.2}
"""


def test_another_version_has_its_own_chart_images_and_service(write: Write) -> None:
    project = write("shop", VERSIONS)
    (project / "modules" / "shop" / "values.yaml.j2").write_text("replicas: 1\n")
    write("gate", "provides: [gateway, certificates]\n")
    own = resolved(project, "shop", "gate").enabled["shop"]
    other = resolved(project, "gate", shop=Chosen(settings={"version": "0.9.1"})).enabled["shop"]
    for module, version, chart, service in ((own, "1.4.2", "3.0.0", "shop"), (other, "0.9.1", "1.7.0", "old-shop")):
        contract = module.contract
        assert contract.chart and contract.chart.version == chart
        assert (contract.version, contract.images[0].tag) == (version, version)
        assert contract.needs.hosts["shop"].service == service
        assert module.other_version == (version == "0.9.1")


def test_an_unknown_version_is_refused(write: Write) -> None:
    project = write("shop", VERSIONS)
    (project / "modules" / "shop" / "values.yaml.j2").write_text("replicas: 1\n")
    write("gate", "provides: [gateway, certificates]\n")
    assert problems(project, "gate", shop=Chosen(settings={"version": "0.9"})) == [
        "modules.shop.settings.version: shop has no version '0.9'. Choose one of: 1.4.2, 0.9.1."
    ]


def test_an_optional_host_needs_a_client_and_a_gateway_only_then(write: Write) -> None:
    project = write("shop", "needs: {hosts: {shop: {service: shop, port: 80, login: oidc, optional: true}}}\n")
    write("gate", "provides: [gateway, certificates, secrets]\n")
    assert not resolved(project, "shop").problems
    assert not resolved(project, "shop").enabled["shop"].needs.hosts
    assert not resolved(project, "shop").enabled["shop"].given_secrets
    with_client = resolved(project, "shop", "gate", clients=("shop",)).enabled["shop"]
    assert list(with_client.needs.hosts) == ["shop"] and with_client.given_secrets == ("oidc",)
    assert resolved(project, "shop", clients=("shop",)).problems


def test_files_of_disabled_modules_are_not_read(write: Write) -> None:
    project = write("shop")
    write("ledger", "backup: yes\n")
    resolution = resolved(project, "shop", ledger=Chosen(enabled=False))
    assert list(resolution.enabled) == ["shop"] and resolution.problems == ()
    assert problems(project, "shop", "ledger") == [
        "modules/ledger/module.yaml:6:9 backup: 'yes' is a string in YAML 1.2. Use true."
    ]


def test_needs_are_installed_first(write: Write) -> None:
    project = write("shop", "needs: {modules: [ledger], services: [topics]}\n")
    write("ledger", "needs: {modules: [payments]}\n")
    write("payments")
    write("queue", "provides: [topics]\n")
    assert order(project, "shop", "ledger", "queue", "payments") == ["payments", "queue", "ledger", "shop"]
    assert resolved(project, "shop", "ledger", "queue", "payments").enabled["shop"].after == ("queue", "ledger")


PLATFORM = {
    "admit": "provides: [admission]\n",
    "vault": "provides: [secrets]\nneeds: {modules: [base]}\n",
    "base": "",
    "certs": "provides: [certificates]\n",
    "gate": "provides: [gateway]\nneeds: {services: [certificates], secrets: {tls: [key]}}\n",
    "meter": "provides: [metrics]\nneeds: {hosts: {graphs: {service: web, port: 80, login: oidc}}}\n",
    "aaa": "",
}


def test_providers_of_the_platform_are_installed_first(write: Write) -> None:
    """Also before modules that do not need them: admission before all, then secrets, certificates, gateway, metrics."""
    for name, body in PLATFORM.items():
        project = write(name, body)
    names = list(PLATFORM)
    for seed in range(10):
        random.Random(seed).shuffle(names)
        assert order(project, *names) == ["admit", "base", "vault", "certs", "gate", "meter", "aaa"]


def test_what_the_provider_of_admission_needs_comes_before_it(write: Write) -> None:
    project = write("admit", "provides: [admission]\nneeds: {services: [certificates]}\n")
    write("certs", "provides: [certificates]\nneeds: {modules: [base]}\n")
    write("base")
    write("aaa")
    assert order(project, "aaa", "admit", "certs", "base") == ["base", "certs", "admit", "aaa"]


def test_the_order_does_not_depend_on_the_file(write: Write) -> None:
    names = [f"module-{letter}" for letter in "abcdefghij"]
    for position, name in enumerate(names):
        needed = ", ".join(names[position + 3 :: 3])
        project = write(name, f"needs: {{modules: [{needed}]}}\n")
    orders = {tuple(order(project, *random.Random(seed).sample(names, len(names)))) for seed in range(10)}
    assert len(orders) == 1


def test_a_circle_is_named(write: Write) -> None:
    project = write("shop", "needs: {modules: [ledger]}\n")
    write("ledger", "needs: {services: [topics]}\n")
    write("queue", "provides: [topics]\nneeds: {modules: [shop]}\n")
    write("site", "needs: {modules: [shop]}\n")
    assert problems(project, "site", "shop", "ledger", "queue") in [
        [f"modules.{circle[0]}: circular need: {' needs '.join(circle)}. Remove one of the needs."]
        for circle in (
            ("shop", "ledger", "queue", "shop"),
            ("ledger", "queue", "shop", "ledger"),
            ("queue", "shop", "ledger", "queue"),
        )
    ]


def test_an_unknown_module(write: Write) -> None:
    project = write("shop")
    assert problems(project, "shpo") == ["modules.shpo: unknown module 'shpo'. Did you mean 'shop'? Expected: shop."]
    assert problems(project, shpo=Chosen(enabled=False)), "also when it is disabled"
    assert problems(project, "xyz") == ["modules.xyz: unknown module 'xyz'. Expected: shop."]


def test_a_needed_module_that_is_not_enabled(write: Write) -> None:
    project = write("shop", "needs: {modules: [ledger]}\n")
    write("ledger")
    expected = [
        "modules.shop: needs the module ledger, which is not enabled. "
        "Set modules.ledger.enabled to true, or disable shop."
    ]
    assert problems(project, "shop") == expected
    assert problems(project, "shop", ledger=Chosen(enabled=False)) == expected


def test_names_that_no_module_has(write: Write) -> None:
    body = "needs: {modules: [ledgr]}\nnetwork:\n  ports: {http: 8080}\n"
    project = write("shop", f"{body}  called_by: {{http: [gateway, ledgr]}}\n  calls: [clod, ledger]\n")
    write("ledger")
    assert [message.split(" Expected")[0] for message in problems(project, "shop")] == [
        "modules/shop/module.yaml:6:19 needs.modules.0: unknown module 'ledgr'. Did you mean 'ledger'?",
        "modules/shop/module.yaml:10:11 network.calls.0: unknown module 'clod'. Did you mean 'cloud'?",
        "modules/shop/module.yaml:9:31 network.called_by.http.1: unknown module 'ledgr'. Did you mean 'ledger'?",
    ]


def test_a_path_to_a_module_that_is_not_enabled_is_no_problem(write: Write) -> None:
    project = write("shop", "network: {ports: {http: 8080}, calls: [ledger:any], called_by: {http: [ledger]}}\n")
    write("ledger")
    assert problems(project, "shop") == []


@pytest.mark.parametrize(
    ("call", "ports", "message"),
    [
        ("ledger", "{http: 8080}", ""),
        ("ledger:http", "{http: 8080}", ""),
        ("ledger:http", "{http: 8080, metrics: 9090}", ""),
        ("ledger:htp", "{http: 8080}", "ledger has no port 'htp'. Did you mean 'ledger:http'? Expected: ledger:http."),
        ("ledger", "{http: 80, rpc: 81}", "ledger has 2 ports. Expected one of: ledger:http, ledger:rpc."),
        ("ledger", "{}", "ledger has 0 ports. Add one to network.ports of ledger."),
    ],
)
def test_a_call_names_one_port(write: Write, call: str, ports: str, message: str) -> None:
    project = write("shop", f"network: {{calls: [cloud, {call}]}}\n")
    write("ledger", f"network: {{ports: {ports}}}\n")
    expected = [f"modules/shop/module.yaml:6:26 network.calls.1: {message}"] if message else []
    assert problems(project, "shop", "ledger") == expected


def test_a_service_without_provider(write: Write) -> None:
    project = write("shop", "needs: {services: [topics]}\n")
    missing = "modules.shop: needs the service topics, which no enabled module provides."
    assert problems(project, "shop") == [f"{missing} No module provides it."]
    write("queue", "provides: [topics]\n")
    assert problems(project, "shop") == [f"{missing} Enable queue."]
    write("stream", "provides: [topics]\n")
    write("broken", "provides: [topic]\n")
    assert problems(project, "shop") == [f"{missing} Enable one of: queue, stream."]
    assert problems(project, "shop", "queue") == []


def test_secrets_and_hosts_imply_services(write: Write) -> None:
    project = write(
        "shop", "needs: {secrets: {session: [key]}, hosts: {shop: {service: web, port: 80, login: oidc}}}\n"
    )
    assert [message.split(", which")[0] for message in problems(project, "shop")] == [
        "modules.shop: needs the service secrets for its secrets",
        "modules.shop: needs the service gateway for its host names",
        "modules.shop: needs the service certificates for its host names",
    ]
    write("vault", "provides: [secrets]\nneeds: {secrets: {token: [key]}}\n")
    vault = load(project / "modules" / "vault", "vault")
    assert isinstance(vault, LoadedModule)
    assert services(vault.contract) == (), "a provider does not need its own service"
    assert problems(project, "vault") == []


@pytest.mark.parametrize("login", ["oidc", "api-key", "none"])
def test_a_log_in_implies_the_service_of_its_secret(write: Write, login: str) -> None:
    project = write("shop", f"needs: {{hosts: {{shop: {{service: web, port: 80, login: {login}}}}}}}\n")
    write("gate", "provides: [gateway, certificates]\n")
    write("vault", "provides: [secrets]\n")
    needed = "modules.shop: needs the service secrets for the log-in of its host names"
    expected = [f"{needed}, which no enabled module provides. Enable vault."]
    assert problems(project, "shop", "gate") == ([] if login == "none" else expected)
    assert order(project, "shop", "gate", "vault").index("vault") < 2


def test_a_missing_provider_is_not_reported_while_a_module_is_invalid(write: Write) -> None:
    """The invalid module may be the provider."""
    project = write("shop", "needs: {services: [topics]}\n")
    write("queue", "provides: [topics]\nbackup: yes\n")
    assert problems(project, "shop", "queue") == [
        "modules/queue/module.yaml:7:9 backup: 'yes' is a string in YAML 1.2. Use true."
    ]


def test_two_providers_of_a_service(write: Write) -> None:
    project = write("queue", "provides: [topics, metrics]\n")
    write("stream", "provides: [topics]\n")
    assert problems(project, "queue", "stream") == [
        "modules.stream: provides topics, as queue does. Disable one of them."
    ]


IDENTITY = "needs: {identities: {external-dns: {service_account: dns}}}\n"


def test_two_modules_with_one_cloud_identity(write: Write) -> None:
    project = write("names", IDENTITY)
    write("records", f"backup: true\n{IDENTITY}")
    write("certs", "needs: {identities: {cert-manager: {service_account: certs}}}\n")
    assert problems(project, "names", "records", "certs") == [
        "modules/records/module.yaml:7:22 needs.identities.external-dns: names binds this identity too, at "
        "modules/names/module.yaml:6:22. Disable records or names."
    ]
    assert problems(project, "names", "certs", records=Chosen(enabled=False)) == []


def test_modules_in_conflict_may_name_one_cloud_identity(write: Write) -> None:
    project = write("names", IDENTITY)
    write("records", f"conflicts: [names]\n{IDENTITY}")
    assert problems(project, "names", "records") == [
        "modules.records: cannot be enabled beside names. Disable one of them."
    ]


@pytest.mark.parametrize("declared", ["shop", "store"])
def test_a_conflict_is_reported_once_whichever_module_declares_it(write: Write, declared: str) -> None:
    other = {"shop": "store", "store": "shop"}[declared]
    project = write(declared, f"conflicts: [{other}]\nprovides: [topics]\n")
    write(other, "provides: [topics]\n")
    assert problems(project, "shop", "store") == ["modules.store: cannot be enabled beside shop. Disable one of them."]
    assert problems(project, "shop") == []


def test_a_gpu_needs_a_pool(write: Write) -> None:
    project = write("shop", "needs: {features: [gpu]}\n")
    assert problems(project, "shop") == [
        "modules.shop: needs a GPU, and the cluster has no pool with one. Add a pool of kind gpu."
    ]
    assert problems(project, "shop", gpu=True) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"currncy": "USD"}, "currncy: unknown setting 'currncy'. Did you mean 'currency'?"),
        ({"limit": "5"}, "limit: expected a number, found a string. Default: 5."),
        ({"limit": True}, "limit: expected a number, found true or false. Default: 5."),
        ({"currency": None}, "currency: expected a string, found null. Default: 'EUR'."),
        ({"limit": 1.5, "tags": ["a"], "note": "any", "note-2": {}}, ""),
        ({"tags": {}}, "tags: expected a list, found a mapping. Default: []."),
    ],
)
def test_settings_are_those_that_the_module_declares(write: Write, settings: dict[str, Any], message: str) -> None:
    project = write("shop", "settings: {currency: EUR, limit: 5, tags: [], note: null, note-2: null}\n")
    found = problems(project, shop=Chosen(settings=settings))
    assert [text.split(" Expected")[0] for text in found] == ([f"modules.shop.settings.{message}"] if message else [])


def test_a_module_without_settings(write: Write) -> None:
    assert problems(write("shop"), shop=Chosen(settings={"x1": 1})) == [
        "modules.shop.settings.x1: unknown setting 'x1'. shop has no settings."
    ]


def test_a_module_for_other_clouds_is_left_out(write: Write) -> None:
    project = write("shop", "clouds: [aws]\n")
    write("site")
    assert list(resolved(project, "shop", "site").enabled) == ["shop", "site"]
    elsewhere = resolved(project, "shop", "site", cloud="azure")
    assert (list(elsewhere.enabled), elsewhere.problems) == (["site"], ())


def test_settings_of_a_module_for_other_clouds_are_checked(write: Write) -> None:
    project = write("shop", "clouds: [aws]\n")
    found = resolved(project, cloud="gcp", shop=Chosen(settings={"x1": 1})).problems
    assert [str(one) for one in found] == ["modules.shop.settings.x1: unknown setting 'x1'. shop has no settings."]


def test_a_module_needs_one_of_another_cloud(write: Write) -> None:
    project = write("shop", "needs: {modules: [ledger]}\n")
    write("ledger", "clouds: [aws]\n")
    assert [str(one) for one in resolved(project, "shop", "ledger", cloud="gcp").problems] == [
        "modules.shop: needs the module ledger, which does not run on this cloud. Disable shop."
    ]


def test_a_service_that_only_other_clouds_need_a_module_for(write: Write) -> None:
    """On AWS the gateway needs a module that registers its pods; the other clouds do it themselves."""
    project = write("gate", "provides: [gateway]\nneeds: {services: [load-balancing]}\n")
    write("binder", "clouds: [aws]\nprovides: [load-balancing]\n")
    assert order(project, "gate", "binder") == ["binder", "gate"]
    assert problems(project, "gate") == [
        "modules.gate: needs the service load-balancing, which no enabled module provides. Enable binder."
    ]
    for names in (("gate",), ("gate", "binder")):
        found = resolved(project, *names, cloud="azure")
        assert (list(found.enabled), found.problems) == (["gate"], ())


def test_a_connector_has_nothing_of_a_release() -> None:
    found = resolved(ROOT, snowflake=Chosen(values={"replicas": 2}, namespace="snowflake"))
    assert {one.path: one.message for one in found.problems} == {
        "modules.snowflake.values": "snowflake is a connector, which has no values.",
        "modules.snowflake.namespace": "snowflake is a connector, which has no namespace.",
    }
