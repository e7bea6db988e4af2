"""Tokens, unsupported calls, error formats, injected faults, saved state and the inventory."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from googleapiclient.errors import HttpError

from terrace.emulator import Options
from tests.emulator.gcp.conftest import LOCATION, NUMBER, PROJECT, REGION, Google

NETWORKS = f"compute/compute/v1/projects/{PROJECT}/global/networks"
ACCOUNTS = f"iam/v1/projects/{PROJECT}/serviceAccounts"
PIPELINE = f"pipeline@{PROJECT}.iam.gserviceaccount.com"


def test_a_request_without_a_token_is_refused() -> None:
    status, response = Google(token="").call("GET", NETWORKS)
    assert (status, response["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_credentials_are_exchanged_for_a_token() -> None:
    response, content = Google(token="").request(
        "https://oauth2.googleapis.com/token", "POST", "grant_type=refresh_token"
    )
    assert response.status == 200
    assert json.loads(content).keys() >= {"access_token", "expires_in"}


def test_a_token_expires(faulty: Callable[..., Google], later: Callable[[float], None]) -> None:
    google = faulty(token_seconds=60)
    later(61)
    assert google.call("GET", NETWORKS)[0] == 401
    google.token = ""
    _, content = google.request("https://oauth2.googleapis.com/token", "POST")
    google.token = json.loads(content)["access_token"]
    assert google.call("GET", NETWORKS)[0] == 200


def test_a_token_of_another_issuer_is_refused() -> None:
    status, response = Google(token="guessed").call("GET", NETWORKS)
    assert (status, response["error"]["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", f"compute/compute/v1/projects/{PROJECT}/global/unheardOf"),
        ("POST", f"storage/storage/v1/b/bucket/rewind?project={PROJECT}"),
        ("POST", f"cloudkms/v1/{LOCATION}/keyRings/ring/cryptoKeys/key:rawEncrypt"),
        ("GET", "translate/nothing/like/this"),
    ],
)
def test_an_unsupported_call_is_named_and_counted(google: Google, method: str, url: str) -> None:
    google.key()
    status, response = google.call(method, url)
    error = response["error"]
    label, _, path = url.partition("?")[0].partition("/")
    assert (status, error["errors"][0]["reason"]) == (400, "UnsupportedByEmulator")
    assert f"{method} {label}.googleapis.com/{path}" in error["message"]
    (counted,) = google.backend.unsupported()
    assert (counted.service, counted.operation, counted.count) == (label, f"{method} {label}.googleapis.com/{path}", 1)


def test_invalid_json_is_refused(google: Google) -> None:
    response, _ = google.request(f"https://compute.googleapis.com/{NETWORKS.partition('/')[2]}", "POST", "{")
    assert response.status == 400


def test_throttling_has_googles_format(google: Google) -> None:
    response = google.backend.throttled({})
    assert response is not None
    status, headers, body = response
    assert status.startswith("429") and ("Retry-After", "1") in headers
    assert json.loads(body)["error"]["status"] == "RESOURCE_EXHAUSTED"


def test_a_slow_operation_is_in_progress_and_ends(
    faulty: Callable[..., Google], later: Callable[[float], None]
) -> None:
    google = faulty(operation_seconds=60)
    client = google("compute")
    created = client.networks().insert(project=PROJECT, body={"name": "net", "autoCreateSubnetworks": False}).execute()
    assert created["status"] == "RUNNING"
    on_project = client.projects().setCommonInstanceMetadata(project=PROJECT, body={"items": []}).execute()
    assert client.globalOperations().get(project=PROJECT, operation=on_project["name"]).execute()["status"] == "RUNNING"
    modern = google.send(f"gkebackup/v1/{LOCATION}/backupPlans?backupPlanId=x", plan(google))
    assert modern["done"] is False
    later(61)
    assert client.globalOperations().wait(project=PROJECT, operation=created["name"]).execute()["status"] == "DONE"
    assert google.call("GET", f"gkebackup/v1/{modern['name']}")[1]["response"]["name"].endswith("backupPlans/x")


def plan(google: Google) -> dict[str, object]:
    google.send(
        f"compute/compute/v1/projects/{PROJECT}/regions/{REGION}/subnetworks",
        {"name": "nodes", "network": f"projects/{PROJECT}/global/networks/net", "ipCidrRange": "10.0.0.0/20"},
    )
    subnetwork = f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes"
    google.send(f"container/v1/{LOCATION}/clusters", {"cluster": {"name": "main", "subnetwork": subnetwork}})
    return {"cluster": f"{LOCATION}/clusters/main"}


def test_one_operation_fails_without_creating_the_resource(faulty: Callable[..., Google]) -> None:
    google = faulty(fail_operation="networks/net")
    body = {"name": "net", "autoCreateSubnetworks": False}
    assert google.send(NETWORKS, body)["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
    assert google.call("GET", f"{NETWORKS}/net")[0] == 404
    assert "error" not in google.send(NETWORKS, body)
    assert google.call("GET", f"{NETWORKS}/net")[0] == 200


def test_a_new_account_and_a_new_grant_are_delayed(
    faulty: Callable[..., Google], later: Callable[[float], None]
) -> None:
    google = faulty(iam_delay_seconds=60)
    google.send(ACCOUNTS, {"accountId": "pipeline"})
    policy = {"policy": {"bindings": [{"role": "roles/viewer", "members": [f"serviceAccount:{PIPELINE}"]}]}}
    set_policy = f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy"
    get_policy = f"cloudresourcemanager/v1/projects/{PROJECT}:getIamPolicy"
    assert google.call("GET", f"{ACCOUNTS}/{PIPELINE}")[0] == 404
    assert google.call("POST", set_policy, policy)[0] == 400
    later(61)
    assert google.call("GET", f"{ACCOUNTS}/{PIPELINE}")[0] == 200
    google.send(set_policy, policy)
    assert "bindings" not in google.send(get_policy, {})
    later(61)
    assert google.send(get_policy, {})["bindings"] == policy["policy"]["bindings"]


def test_state_is_saved_in_a_folder(tmp_path: Path) -> None:
    first = Google(Options(state=tmp_path))
    first.enable("compute", "storage", "secretmanager")
    first.send(NETWORKS, {"name": "net", "autoCreateSubnetworks": False})
    first.send(NETWORKS, {"name": "gone", "autoCreateSubnetworks": False})
    first.send(f"{NETWORKS}/gone", {}, method="DELETE")
    network = first.send(f"{NETWORKS}/net", {}, method="GET")
    first.backend.close()
    second = Google(Options(state=tmp_path))
    assert second.send(f"{NETWORKS}/net", {}, method="GET") == network
    assert [each.id for each in second.backend.inventory()] == [f"projects/{PROJECT}/global/networks/net"]


def test_an_incomplete_last_line_is_ignored(tmp_path: Path) -> None:
    first = Google(Options(state=tmp_path))
    first.enable("compute")
    first.send(NETWORKS, {"name": "net", "autoCreateSubnetworks": False})
    first.backend.close()
    with (tmp_path / "changes.jsonl").open("a") as changes:
        changes.write('["compute/projects/half')
    assert Google(Options(state=tmp_path)).call("GET", f"{NETWORKS}/net")[0] == 200


def test_the_inventory_excludes_what_google_retains(google: Google) -> None:
    key = google.key()
    google.send(f"iam/v1/projects/{PROJECT}/roles", {"roleId": "sleep", "role": {}})
    google.call("GET", f"logging/v2/{LOCATION}/buckets/_Default")
    assert {each.type for each in google.backend.inventory()} == {
        "cryptoKeyVersions",
        "cryptoKeys",
        "keyRings",
        "roles",
    }
    google.send(f"cloudkms/v1/{key}/cryptoKeyVersions/1:destroy", {})
    google.send(f"iam/v1/projects/{PROJECT}/roles/sleep", {}, method="DELETE")
    assert google.backend.inventory() == []


def test_a_mask_of_a_policy_names_the_fields_of_the_request(google: Google) -> None:
    """As the provider sends it: google_org_policy_policy."""
    name = f"projects/{PROJECT}/policies/gcp.resourceLocations"
    rules = [{"values": {"allowedValues": ["in:europe-west3-locations"]}}]
    google.send(f"orgpolicy/v2/projects/{PROJECT}/policies", {"name": name, "spec": {"rules": rules}})
    more = [{"values": {"allowedValues": ["in:europe-west3-locations", "in:europe-west9-locations"]}}]
    google.send(f"orgpolicy/v2/{name}?updateMask=policy.spec", {"name": name, "spec": {"rules": more}}, method="PATCH")
    _, policy = google.call("GET", f"orgpolicy/v2/{name}", {})
    assert policy["spec"]["rules"] == more


def test_the_inventory_excludes_locked_log_buckets(google: Google) -> None:
    google.send(f"logging/v2/{LOCATION}/buckets?bucketId=trail", {"retentionDays": 400})
    assert [each.id for each in google.backend.inventory()] == [f"{LOCATION}/buckets/trail"]
    google.send(f"logging/v2/{LOCATION}/buckets/trail?updateMask=locked", {"locked": True}, method="PATCH")
    assert google.backend.inventory() == []


def test_the_inventory_includes_grants_on_built_in_resources(google: Google) -> None:
    bindings = [{"role": "roles/viewer", "members": ["group:platform@example.com"]}]
    google.send(f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy", {"policy": {"bindings": bindings}})
    (found,) = google.backend.inventory()
    assert (found.type, found.id.split()[1:]) == ("iamBindings", ["roles/viewer", "group:platform@example.com"])


def test_a_project_can_be_named_by_its_number(google: Google) -> None:
    google.send(NETWORKS, {"name": "net", "autoCreateSubnetworks": False})
    assert google.call("GET", f"compute/compute/v1/projects/{NUMBER}/global/networks/net")[0] == 200


def test_the_client_raises_googles_error(google: Google) -> None:
    with pytest.raises(HttpError) as error:
        google("storage").buckets().get(bucket="ghost").execute()
    assert (error.value.resp.status, error.value.reason) == (404, "Resource 'b/ghost' was not found")
