"""What every request meets: tokens, routes that nobody knows, the shape of errors, and what goes wrong on purpose."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from googleapiclient.errors import HttpError

from terrace.emulator import Options
from tests.emulator.gcp.conftest import NUMBER, PLACE, PROJECT, REGION, Google

NETWORKS = f"compute/compute/v1/projects/{PROJECT}/global/networks"
ACCOUNTS = f"iam/v1/projects/{PROJECT}/serviceAccounts"
PIPELINE = f"pipeline@{PROJECT}.iam.gserviceaccount.com"


def test_a_request_without_a_token_is_not_let_in() -> None:
    status, answer = Google(token="").call("GET", NETWORKS)
    assert (status, answer["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_credentials_are_exchanged_for_a_token() -> None:
    answer, content = Google(token="").request(
        "https://oauth2.googleapis.com/token", "POST", "grant_type=refresh_token"
    )
    assert answer.status == 200
    assert json.loads(content).keys() >= {"access_token", "expires_in"}


def test_a_token_expires_when_asked_to(faulty: Callable[..., Google], later: Callable[[float], None]) -> None:
    google = faulty(token_seconds=60)
    later(61)
    assert google.call("GET", NETWORKS)[0] == 401
    google.token = "a-new-one"
    assert google.call("GET", NETWORKS)[0] == 200


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", f"compute/compute/v1/projects/{PROJECT}/global/unheardOf"),
        ("POST", f"storage/storage/v1/b/bucket/rewind?project={PROJECT}"),
        ("POST", f"cloudkms/v1/{PLACE}/keyRings/ring/cryptoKeys/key:encrypt"),
        ("GET", "translate/nothing/like/this"),
        ("GET", f"{NETWORKS}/net/getEffectiveFirewalls"),
    ],
)
def test_what_is_not_known_is_named_and_counted(google: Google, method: str, url: str) -> None:
    google.key()
    status, answer = google.call(method, url)
    error = answer["error"]
    label, _, path = url.partition("?")[0].partition("/")
    assert (status, error["errors"][0]["reason"]) == (400, "UnsupportedByEmulator")
    assert f"{method} {label}.googleapis.com/{path}" in error["message"]
    (counted,) = google.backend.unsupported()
    assert (counted.service, counted.operation, counted.count) == (label, f"{method} {label}.googleapis.com/{path}", 1)


def test_broken_json_is_refused(google: Google) -> None:
    answer, _ = google.request(f"https://compute.googleapis.com/{NETWORKS.partition('/')[2]}", "POST", "{")
    assert answer.status == 400


def test_throttling_has_googles_shape(google: Google) -> None:
    answer = google.backend.throttled({})
    assert answer is not None
    status, headers, body = answer
    assert status.startswith("429") and ("Retry-After", "1") in headers
    assert json.loads(body)["error"]["status"] == "RESOURCE_EXHAUSTED"


def test_an_operation_takes_as_long_as_asked_for(faulty: Callable[..., Google], later: Callable[[float], None]) -> None:
    google = faulty(operation_seconds=60)
    client = google("compute")
    made = client.networks().insert(project=PROJECT, body={"name": "net", "autoCreateSubnetworks": False}).execute()
    assert made["status"] == "RUNNING"
    on_project = client.projects().setCommonInstanceMetadata(project=PROJECT, body={"items": []}).execute()
    assert client.globalOperations().get(project=PROJECT, operation=on_project["name"]).execute()["status"] == "RUNNING"
    modern = google.make(f"gkebackup/v1/{PLACE}/backupPlans?backupPlanId=x", plan(google))
    assert modern["done"] is False
    later(61)
    assert client.globalOperations().wait(project=PROJECT, operation=made["name"]).execute()["status"] == "DONE"
    assert google.call("GET", f"gkebackup/v1/{modern['name']}")[1]["response"]["name"].endswith("backupPlans/x")


def plan(google: Google) -> dict[str, object]:
    google.make(
        f"compute/compute/v1/projects/{PROJECT}/regions/{REGION}/subnetworks",
        {"name": "nodes", "network": f"projects/{PROJECT}/global/networks/net", "ipCidrRange": "10.0.0.0/20"},
    )
    subnetwork = f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes"
    google.make(f"container/v1/{PLACE}/clusters", {"cluster": {"name": "main", "subnetwork": subnetwork}})
    return {"cluster": f"{PLACE}/clusters/main"}


def test_one_operation_fails_and_leaves_nothing(faulty: Callable[..., Google]) -> None:
    google = faulty(fail_operation="networks/net")
    body = {"name": "net", "autoCreateSubnetworks": False}
    assert google.make(NETWORKS, body)["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
    assert google.call("GET", f"{NETWORKS}/net")[0] == 404
    assert "error" not in google.make(NETWORKS, body)
    assert google.call("GET", f"{NETWORKS}/net")[0] == 200


def test_a_new_account_and_a_new_grant_are_seen_late(
    faulty: Callable[..., Google], later: Callable[[float], None]
) -> None:
    google = faulty(iam_delay_seconds=60)
    google.make(ACCOUNTS, {"accountId": "pipeline"})
    policy = {"policy": {"bindings": [{"role": "roles/viewer", "members": [f"serviceAccount:{PIPELINE}"]}]}}
    set_policy = f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy"
    get_policy = f"cloudresourcemanager/v1/projects/{PROJECT}:getIamPolicy"
    assert google.call("GET", f"{ACCOUNTS}/{PIPELINE}")[0] == 404
    assert google.call("POST", set_policy, policy)[0] == 400
    later(61)
    assert google.call("GET", f"{ACCOUNTS}/{PIPELINE}")[0] == 200
    google.make(set_policy, policy)
    assert "bindings" not in google.make(get_policy, {})
    later(61)
    assert google.make(get_policy, {})["bindings"] == policy["policy"]["bindings"]


def test_what_it_holds_is_found_again(tmp_path: Path) -> None:
    first = Google(Options(state=tmp_path))
    first.enable("compute", "storage", "secretmanager")
    first.make(NETWORKS, {"name": "net", "autoCreateSubnetworks": False})
    first.make(NETWORKS, {"name": "gone", "autoCreateSubnetworks": False})
    first.make(f"{NETWORKS}/gone", {}, method="DELETE")
    kept = first.make(f"{NETWORKS}/net", {}, method="GET")
    first.backend.close()
    second = Google(Options(state=tmp_path))
    assert second.make(f"{NETWORKS}/net", {}, method="GET") == kept
    assert [each.id for each in second.backend.inventory()] == [f"projects/{PROJECT}/global/networks/net"]


def test_a_line_cut_short_loses_that_change_alone(tmp_path: Path) -> None:
    first = Google(Options(state=tmp_path))
    first.enable("compute")
    first.make(NETWORKS, {"name": "net", "autoCreateSubnetworks": False})
    first.backend.close()
    with (tmp_path / "changes.jsonl").open("a") as changes:
        changes.write('["compute/projects/half')
    assert Google(Options(state=tmp_path)).call("GET", f"{NETWORKS}/net")[0] == 200


def test_the_inventory_leaves_out_what_google_keeps(google: Google) -> None:
    key = google.key()
    google.make(f"iam/v1/projects/{PROJECT}/roles", {"roleId": "sleep", "role": {}})
    google.call("GET", f"logging/v2/{PLACE}/buckets/_Default")
    assert {each.type for each in google.backend.inventory()} == {
        "cryptoKeyVersions",
        "cryptoKeys",
        "keyRings",
        "roles",
    }
    google.make(f"cloudkms/v1/{key}/cryptoKeyVersions/1:destroy", {})
    google.make(f"iam/v1/projects/{PROJECT}/roles/sleep", {}, method="DELETE")
    assert google.backend.inventory() == []


def test_the_inventory_leaves_out_what_nobody_can_delete(google: Google) -> None:
    google.make(f"logging/v2/{PLACE}/buckets?bucketId=trail", {"retentionDays": 400})
    assert [each.id for each in google.backend.inventory()] == [f"{PLACE}/buckets/trail"]
    google.make(f"logging/v2/{PLACE}/buckets/trail?updateMask=locked", {"locked": True}, method="PATCH")
    assert google.backend.inventory() == []


def test_a_grant_on_what_is_there_anyway_is_in_the_inventory(google: Google) -> None:
    bindings = [{"role": "roles/viewer", "members": ["group:platform@example.com"]}]
    google.make(f"cloudresourcemanager/v1/projects/{PROJECT}:setIamPolicy", {"policy": {"bindings": bindings}})
    (found,) = google.backend.inventory()
    assert (found.type, found.id.split()[1:]) == ("iamBindings", ["roles/viewer", "group:platform@example.com"])


def test_a_project_goes_by_its_number_as_well(google: Google) -> None:
    google.make(NETWORKS, {"name": "net", "autoCreateSubnetworks": False})
    assert google.call("GET", f"compute/compute/v1/projects/{NUMBER}/global/networks/net")[0] == 200


def test_the_client_raises_googles_error(google: Google) -> None:
    with pytest.raises(HttpError) as gone:
        google("storage").buckets().get(bucket="ghost").execute()
    assert (gone.value.resp.status, gone.value.reason) == (404, "Resource 'b/ghost' was not found")
