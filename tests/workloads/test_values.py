"""terrace.workloads.values: templates, their errors, overrides, and the refusal of secrets."""

from pathlib import Path

import pytest

from terrace.capabilities.identity import ModuleSpec
from terrace.workloads.values import InvalidValues, merged, values
from tests.workloads.trial import Trial, context_of

NEEDS = """\
chart: {name: NAME, version: 1.0.0}
images:
  - {repository: docker.io/example/shop, tag: v1}
  - {repository: docker.io/example/tool, tag: v2, digest: "sha256:%s"}
components:
  web:
    pods: {app.kubernetes.io/name: shop}
    sizes:
      small: {cpu: 100m, memory: 128Mi}
      medium: {cpu: 200m, memory: 256Mi, replicas: 2}
      large: {cpu: "1", memory: 1Gi, replicas: 3, storage_gb: 20}
settings: {greeting: "hello: world"}
""" % ("0" * 64)
CHART = {"values.yaml": "{}", "templates/none.yaml": ""}


def rendered(tmp_path: Path, template: str, **options: object) -> dict[str, object]:
    context = context_of(tmp_path, {"shop": Trial(NEEDS, template, CHART)}, **options)  # type: ignore[arg-type]
    return values(context.modules["shop"], context)


def test_a_template_sees_the_module_the_environment_and_the_cloud(tmp_path: Path) -> None:
    template = """\
        greeting: {{ module.settings.greeting | tojson }}
        tier: {{ environment.tier }}
        region: {{ foundation.region }}
        cloud: {{ cloud.name }}
        replicas: {{ components.web.replicas }}
        resources: {{ components.web.resources | tojson }}
        storage: {{ components.web.storage_gb }}
        image: {{ image("docker.io/example/shop").ref }}
        pinned: {{ image("docker.io/example/tool").ref }}
        metrics: {{ provider("metrics") | tojson }}
        enabled: {{ enabled | list | tojson }}
        prefix: {{ prefix }}
    """
    found = rendered(tmp_path, template, environment="prod", cloud="gcp")
    assert found == {
        "greeting": "hello: world",
        "tier": "prod",
        "region": "europe-west3",
        "cloud": "gcp",
        "replicas": 3,
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "storage": 20,
        "image": "docker.io/example/shop:v1",
        "pinned": f"docker.io/example/tool:v2@sha256:{'0' * 64}",
        "metrics": None,
        "enabled": ["shop"],
        "prefix": "dpf-prod",
    }


def test_overrides_of_the_environment_come_last(tmp_path: Path) -> None:
    override = ModuleSpec(enabled=True, values={"web": {"replicas": 5}, "list": [3], "gone": None})
    found = rendered(tmp_path, "web: {replicas: 1, port: 80}\nlist: [1, 2]\ngone: x\n", choices={"shop": override})
    assert found == {"web": {"replicas": 5, "port": 80}, "list": [3], "gone": None}


def test_merging_changes_neither_side() -> None:
    base, override = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merged(base, override) == {"a": {"b": 1, "c": 2}}
    assert (base, override) == ({"a": {"b": 1}}, {"a": {"c": 2}})


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a: 1\nb: {{ nothing }}\n", "modules/shop/values.yaml.j2:2 'nothing' is undefined."),
        ("b: {{ enviroment.tier }}\n", "values.yaml.j2:1 'enviroment' is undefined. Did you mean 'environment'?"),
        ("a: 1\n\nb: {{ module.settings.nothing }}\n", "values.yaml.j2:3 'dict object' has no attribute 'nothing'."),
        ("a: 1\nb: {{ 1 + }}\n", "values.yaml.j2:2 "),
        ("a: {% if true %}\n", "values.yaml.j2:1 Unexpected end of template"),
        (
            "a: 1\nb: {{ image('docker.io/example/shops').ref }}\n",
            "values.yaml.j2:2 image 'docker.io/example/shops' is",
        ),
        ("a: {{ image('docker.io/example/shops').ref }}\n", "Did you mean 'docker.io/example/shop'?"),
        ("a: {{ secret('keys') }}\n", "values.yaml.j2:1 secret 'keys' is not declared in module.yaml"),
        ("a: {{ host('shop') }}\n", "values.yaml.j2:1 host 'shop' is not declared by any module"),
        ("a: {{ module.settings['greeting'] }}\n", "renders invalid YAML: mapping values are not allowed"),
        ("a: {{ module.settings['greeting'] }}\n", "in the rendered line 'a: hello: world'. Write values"),
        ("- 1\n", "values.yaml.j2:1 renders list, not a mapping."),
        ("a: {{ ''.__class__ }}\n", "access to attribute '__class__' of 'str' object is unsafe."),
        ("a: {{ 1 / 0 }}\n", "values.yaml.j2:1 ZeroDivisionError: division by zero."),
        ("a: 1\nadmin:\n  password: hunter2\n", "values.yaml.j2:3 admin.password: looks like a secret"),
        ("url: postgresql://shop:hunter2@db/shop\n", "values.yaml.j2:1 url: looks like a secret"),
        ("a: [{adminPassword: x}]\n", "a.0.adminPassword: looks like a secret"),
    ],
)
def test_an_error_names_the_line_of_the_template(tmp_path: Path, template: str, message: str) -> None:
    with pytest.raises(InvalidValues) as raised:
        rendered(tmp_path, template)
    assert message in str(raised.value)
    assert raised.value.exit_code == 1


def test_references_to_secrets_are_no_secrets(tmp_path: Path) -> None:
    template = """\
        existingSecret: shop
        auth: {password: "$(PASSWORD)", token: "${ENV:TOKEN}", secret: ""}
        passwordSecretRef: {name: shop, key: password}
        url: postgresql://shop:$(PASSWORD)@db/shop
    """
    assert rendered(tmp_path, template)["existingSecret"] == "shop"


def test_overrides_are_searched_for_secrets_too(tmp_path: Path) -> None:
    override = ModuleSpec(enabled=True, values={"auth": {"token": "abc"}})
    with pytest.raises(InvalidValues, match=r"environment dev modules.shop.values.auth.token: looks like a secret"):
        rendered(tmp_path, "a: 1\n", choices={"shop": override})
