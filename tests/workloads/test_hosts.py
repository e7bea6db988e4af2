"""Routes, log-in and API keys at the gateway."""

from pathlib import Path

import pytest

from terrace.errors import ContractError
from terrace.workloads import hosts

from . import crds
from .modules_fixture import OIDC, PROVIDERS, context, one

GRAFANA = """
needs:
  hosts:
    grafana: {service: grafana, port: 3000, login: oidc, role: editor}
"""
API = """
needs:
  hosts:
    api: {service: postgrest, port: 80, login: api-key}
settings:
  api-clients: [shop, billing]
  requests-per-minute: 60
"""


def test_route_attaches_to_the_gateway_of_the_provider(tmp_path: Path) -> None:
    of = context(tmp_path, envoy_gateway=PROVIDERS["envoy-gateway"], grafana=GRAFANA)
    route = one(hosts.objects(of.modules["grafana"], of), "HTTPRoute")
    assert route["metadata"]["namespace"] == "grafana-ns"
    assert route["spec"] == {
        "parentRefs": [{"name": "entry", "namespace": "envoy-gateway-ns", "sectionName": "https"}],
        "hostnames": ["grafana.dev.data.example.com"],
        "rules": [
            {"backendRefs": [{"name": "grafana", "port": 3000}]},
            {
                "name": "websocket",
                "matches": [{"headers": [{"name": "upgrade", "value": "websocket"}]}],
                "backendRefs": [{"name": "grafana", "port": 3000}],
            },
        ],
    }


def test_login_admits_only_groups_of_the_role(tmp_path: Path) -> None:
    of = context(tmp_path, envoy_gateway=PROVIDERS["envoy-gateway"], grafana=GRAFANA)
    objects = hosts.objects(of.modules["grafana"], of)
    spec = one(objects, "SecurityPolicy")["spec"]
    assert spec["authorization"]["defaultAction"] == "Deny"
    (rule,) = spec["authorization"]["rules"]
    assert rule["principal"]["jwt"]["claims"] == [
        {"name": "groups", "valueType": "StringArray", "values": ["engineers", "platform"]}
    ]
    (provider,) = spec["jwt"]["providers"]
    assert provider["name"] == rule["principal"]["jwt"]["provider"]
    assert provider["extractFrom"]["cookies"] == [spec["oidc"]["cookieNames"]["idToken"]]
    assert provider["audiences"] == ["grafana-client"]
    assert spec["oidc"]["redirectURL"] == "https://grafana.dev.data.example.com/oauth2/callback"


def test_client_secret_comes_from_the_secret_manager(tmp_path: Path) -> None:
    of = context(tmp_path, envoy_gateway=PROVIDERS["envoy-gateway"], grafana=GRAFANA)
    objects = hosts.objects(of.modules["grafana"], of)
    secret = one(objects, "ExternalSecret")
    assert secret["spec"]["data"] == [{"secretKey": "value", "remoteRef": {"key": "key-of-dpf-dev-grafana-oidc"}}]
    assert secret["spec"]["target"]["template"]["data"] == {"client-secret": "{{ .value }}"}
    assert secret["spec"]["target"]["name"] == one(objects, "SecurityPolicy")["spec"]["oidc"]["clientSecret"]["name"]
    assert not [each for each in objects if each["kind"] == "Secret"]


def test_no_group_of_the_role_admits_nothing(tmp_path: Path) -> None:
    oidc = OIDC | {"groups": {"analysts": "viewer"}}
    of = context(tmp_path, oidc=oidc, envoy_gateway=PROVIDERS["envoy-gateway"], grafana=GRAFANA)
    spec = one(hosts.objects(of.modules["grafana"], of), "SecurityPolicy")["spec"]
    assert spec["authorization"] == {"defaultAction": "Deny", "rules": []}


def test_api_keys_are_derived_and_limited_by_client(tmp_path: Path) -> None:
    of = context(tmp_path, envoy_gateway=PROVIDERS["envoy-gateway"], postgrest=API)
    objects = hosts.objects(of.modules["postgrest"], of)
    secret = one(objects, "ExternalSecret")["spec"]
    assert secret["data"] == [{"secretKey": "value", "remoteRef": {"key": "key-of-secret-of-postgrest"}}]
    keys = secret["target"]["template"]["data"]
    assert set(keys) == {"shop", "billing"} and len(set(keys.values())) == 2
    policy = one(objects, "SecurityPolicy")["spec"]["apiKeyAuth"]
    assert policy["credentialRefs"] == [{"kind": "Secret", "name": secret["target"]["name"]}]
    assert policy["sanitize"] is True
    limits = one(objects, "BackendTrafficPolicy", "api")["spec"]["rateLimit"]
    assert one(objects, "BackendTrafficPolicy", "api.websocket")["spec"]["rateLimit"] == limits
    rules = limits["local"]["rules"]
    assert [(r["clientSelectors"][0]["headers"][0]["value"], r["limit"]["requests"]) for r in rules] == [
        ("shop", 60),
        ("billing", 60),
    ]
    header = {rule["clientSelectors"][0]["headers"][0]["name"] for rule in rules}
    assert header == {policy["forwardClientIDHeader"]}


OPEN = "needs: {hosts: {app: {service: app, port: 80, login: none}}}"
SHARED = """
needs:
  hosts:
    app: {service: app, port: 80, login: LOGIN, max_body: 512Ki, cors: [portal, "https://shop.example.com:8443"]}
"""


def test_an_open_host_has_no_policy_for_access(tmp_path: Path) -> None:
    of = context(tmp_path, envoy_gateway=PROVIDERS["envoy-gateway"], app=OPEN)
    kinds = {each["kind"] for each in hosts.objects(of.modules["app"], of)}
    assert kinds == {"HTTPRoute", "BackendTrafficPolicy"}


@pytest.mark.parametrize(("text", "limit"), [(OPEN, "1Mi"), (SHARED.replace("LOGIN", "none"), "512Ki")])
def test_the_body_of_a_request_is_limited(tmp_path: Path, text: str, limit: str) -> None:
    of = context(tmp_path, envoy_gateway=PROVIDERS["envoy-gateway"], app=text)
    objects = hosts.objects(of.modules["app"], of)
    route = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "app"}
    assert one(objects, "BackendTrafficPolicy", "app")["spec"] == {
        "targetRefs": [route],
        "requestBuffer": {"limit": limit},
    }
    rule = one(objects, "HTTPRoute")["spec"]["rules"][1]["name"]
    assert one(objects, "BackendTrafficPolicy", "app.websocket")["spec"] == {
        "targetRefs": [route | {"sectionName": rule}],
        "httpUpgrade": [{"type": "websocket"}],
    }


@pytest.mark.parametrize("login", ["none", "oidc", "api-key"])
def test_only_the_named_origins_may_call_a_host(tmp_path: Path, login: str) -> None:
    oidc = OIDC | {"clients": {"app": "app-client"}}
    text = SHARED.replace("LOGIN", login)
    of = context(tmp_path, oidc=oidc, envoy_gateway=PROVIDERS["envoy-gateway"], app=text)
    policy = one(hosts.objects(of.modules["app"], of), "SecurityPolicy")["spec"]
    assert policy["cors"]["allowOrigins"] == ["https://portal.dev.data.example.com", "https://shop.example.com:8443"]
    assert "*" not in (*policy["cors"]["allowMethods"], *policy["cors"]["allowHeaders"])
    kept = {"none": set(), "oidc": {"oidc", "jwt", "authorization"}, "api-key": {"apiKeyAuth"}}[login]
    assert set(policy) == {"targetRefs", "cors"} | kept


def test_kong_limits_bodies_and_origins_by_plugins(tmp_path: Path) -> None:
    of = context(tmp_path, kong="provides: [gateway]", app=SHARED.replace("LOGIN", "none"))
    objects = hosts.objects(of.modules["app"], of)
    plugins = {each["plugin"]: each for each in objects if each["kind"] == "KongPlugin"}
    assert plugins["request-size-limiting"]["config"] == {"allowed_payload_size": 512, "size_unit": "kilobytes"}
    origins = ["https://portal.dev.data.example.com", "https://shop.example.com:8443"]
    assert plugins["cors"]["config"]["origins"] == origins
    (rule,) = one(objects, "HTTPRoute")["spec"]["rules"]
    named = [each["extensionRef"]["name"] for each in rule["filters"]]
    assert named == [plugin["metadata"]["name"] for plugin in plugins.values()]


def test_kong_serves_open_hosts_and_refuses_login(tmp_path: Path) -> None:
    of = context(tmp_path, kong="provides: [gateway]", app=OPEN, grafana=GRAFANA)
    assert [each["kind"] for each in hosts.objects(of.modules["app"], of)] == ["HTTPRoute", "KongPlugin"]
    with pytest.raises(ContractError, match="login oidc, which kong does not provide"):
        hosts.objects(of.modules["grafana"], of)


def test_login_without_client_is_an_error(tmp_path: Path) -> None:
    of = context(tmp_path, oidc=OIDC | {"clients": {}}, envoy_gateway=PROVIDERS["envoy-gateway"], grafana=GRAFANA)
    with pytest.raises(ContractError, match="no client"):
        hosts.objects(of.modules["grafana"], of)


@pytest.mark.parametrize("gateway", ["envoy-gateway", "kong"])
def test_objects_match_their_definitions(tmp_path: Path, gateway: str) -> None:
    modules = {gateway: "provides: [gateway]", "app": SHARED.replace("LOGIN", "none")}
    if gateway == "envoy-gateway":
        modules |= {"grafana": GRAFANA, "postgrest": API}
    of = context(tmp_path, **modules)
    objects = [each for module in of.modules.values() for each in hosts.objects(module, of)]
    assert len(objects) == {"envoy-gateway": 14, "kong": 3}[gateway]
    assert crds.errors(objects) == []
