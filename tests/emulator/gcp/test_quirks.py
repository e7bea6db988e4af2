"""One test for each quirk, by service."""

import base64

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from tests.emulator.gcp.conftest import LOCATION, NUMBER, PROJECT, REGION, Google, Json
from tests.emulator.gcp.round_trip import PROJECT_NAME, cluster, sql

COMPUTE = f"compute/compute/v1/{PROJECT_NAME}"
SQL = f"sqladmin/sql/v1beta4/{PROJECT_NAME}/instances"
CLUSTERS = f"container/v1/{LOCATION}/clusters"


@pytest.fixture
def bucket(google: Google) -> str:
    return str(google.send(f"storage/storage/v1/b?project={PROJECT}", {"name": "dpf-lake", "location": "EU"})["name"])


def test_a_service_is_disabled_until_it_is_enabled() -> None:
    services = Google()("serviceusage").services()
    name = f"{PROJECT_NAME}/services/compute.googleapis.com"
    assert services.get(name=name).execute()["state"] == "DISABLED"
    assert services.enable(name=name).execute()["done"] is True
    listed = services.list(parent=PROJECT_NAME, filter="state:ENABLED").execute()["services"]
    assert [each["config"]["name"] for each in listed] == ["compute.googleapis.com"]


def test_the_project_exists(google: Google) -> None:
    found = google("cloudresourcemanager").projects().get(projectId=PROJECT).execute()
    assert (found["projectNumber"], found["lifecycleState"]) == (NUMBER, "ACTIVE")
    assert (
        google("cloudresourcemanager", "v3").projects().get(name=PROJECT_NAME).execute()["name"] == f"projects/{NUMBER}"
    )


def test_project_metadata_is_replaced(google: Google) -> None:
    projects = google("compute").projects()
    before = projects.get(project=PROJECT).execute()["commonInstanceMetadata"]
    items = [{"key": "enable-oslogin", "value": "TRUE"}]
    projects.setCommonInstanceMetadata(project=PROJECT, body={**before, "items": items}).execute()
    assert projects.get(project=PROJECT).execute()["commonInstanceMetadata"]["items"] == items


def test_addresses_and_gateways_are_assigned(google: Google) -> None:
    google.network()
    google.send(f"{COMPUTE}/regions/{REGION}/addresses", {"name": "out"})
    address = google.call("GET", f"{COMPUTE}/regions/{REGION}/addresses/out")[1]
    assert address["address"].startswith("203.0.113.") and address["status"] == "RESERVED"
    assert google.call("GET", f"{COMPUTE}/regions/{REGION}/subnetworks/nodes")[1]["gatewayAddress"] == "10.0.0.1"
    items = google("compute").addresses().aggregatedList(project=PROJECT).execute()["items"]
    assert [each["name"] for each in items[f"regions/{REGION}"]["addresses"]] == ["out"]


def test_a_null_key_of_a_router_is_no_key(google: Google) -> None:
    """The provider sends one when it updates a peer without a key, and cannot read it back."""
    google.network()
    routers = f"{COMPUTE}/regions/{REGION}/routers"
    google.send(routers, {"name": "main", "network": f"{PROJECT_NAME}/global/networks/net"})
    assert google.call("PATCH", f"{routers}/main", {"bgpPeers": [], "md5AuthenticationKeys": [None]})[0] == 200
    assert google.call("GET", f"{routers}/main")[1]["md5AuthenticationKeys"] == []
    assert google.call("PATCH", f"{routers}/main", {"interfaces": [None]})[0] == 400


def test_labels_need_the_current_fingerprint(google: Google) -> None:
    google.send(f"{COMPUTE}/regions/{REGION}/addresses", {"name": "out"})
    address = f"{COMPUTE}/regions/{REGION}/addresses/out"
    fingerprint = google.call("GET", address)[1]["labelFingerprint"]
    labels = {"labels": {"owner": "platform"}, "labelFingerprint": fingerprint}
    google.send(f"{address}/setLabels", labels)
    assert google.call("GET", address)[1]["labels"] == labels["labels"]
    assert google.call("POST", f"{address}/setLabels", labels)[0] == 412


def test_key_versions_can_be_destroyed_but_not_keys(google: Google) -> None:
    key = google.key()
    keys = google("cloudkms").projects().locations().keyRings().cryptoKeys()
    assert keys.get(name=key).execute()["primary"]["state"] == "ENABLED"
    second = keys.cryptoKeyVersions().create(parent=key, body={}).execute()
    keys.updatePrimaryVersion(name=key, body={"cryptoKeyVersionId": "2"}).execute()
    assert keys.get(name=key).execute()["primary"]["name"] == second["name"]
    destroyed = keys.cryptoKeyVersions().destroy(name=f"{key}/cryptoKeyVersions/1", body={}).execute()
    assert destroyed["state"] == "DESTROY_SCHEDULED" and destroyed["destroyTime"]
    with pytest.raises(HttpError, match="DESTROY_SCHEDULED"):
        keys.cryptoKeyVersions().destroy(name=f"{key}/cryptoKeyVersions/1", body={}).execute()
    with pytest.raises(HttpError, match="already exists"):
        google("cloudkms").projects().locations().keyRings().create(
            parent=LOCATION, keyRingId="ring", body={}
        ).execute()


def test_secret_versions_are_numbered(google: Google) -> None:
    secrets = google("secretmanager").projects().secrets()
    created = secrets.create(parent=PROJECT_NAME, secretId="login", body={"replication": {"automatic": {}}}).execute()
    assert created["name"] == f"projects/{NUMBER}/secrets/login"
    for number in range(1, 12):
        data = base64.b64encode(str(number).encode()).decode()
        secrets.addVersion(parent=f"{PROJECT_NAME}/secrets/login", body={"payload": {"data": data}}).execute()
    latest = secrets.versions().access(name=f"{PROJECT_NAME}/secrets/login/versions/latest").execute()
    assert (latest["name"], base64.b64decode(latest["payload"]["data"])) == (f"{created['name']}/versions/11", b"11")
    secrets.versions().destroy(name=f"{PROJECT_NAME}/secrets/login/versions/11", body={}).execute()
    with pytest.raises(HttpError, match="DESTROYED"):
        secrets.versions().access(name=f"{PROJECT_NAME}/secrets/login/versions/11").execute()


def test_dns_records_are_changed_through_changes(google: Google) -> None:
    dns = google("dns")
    dns.managedZones().create(project=PROJECT, body={"name": "zone", "dnsName": "example.com."}).execute()
    record = {"name": "api.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    changed = dns.changes().create(project=PROJECT, managedZone="zone", body={"additions": [record]}).execute()
    assert changed["status"] == "done"
    listed = dns.resourceRecordSets().list(project=PROJECT, managedZone="zone").execute()["rrsets"]
    assert sorted(each["type"] for each in listed) == ["A", "NS", "SOA"]
    with pytest.raises(HttpError, match="already exists"):
        dns.changes().create(project=PROJECT, managedZone="zone", body={"additions": [record]}).execute()
    new = record | {"rrdatas": ["192.0.2.2"]}
    both = {"deletions": [record], "additions": [new]}
    dns.changes().create(project=PROJECT, managedZone="zone", body=both).execute()
    dns.changes().create(project=PROJECT, managedZone="zone", body={"deletions": [new]}).execute()
    dns.managedZones().delete(project=PROJECT, managedZone="zone").execute()
    assert google.backend.inventory() == []


def test_an_account_is_named_by_email_or_number(google: Google) -> None:
    accounts = google("iam").projects().serviceAccounts()
    created = accounts.create(name=PROJECT_NAME, body={"accountId": "pipeline"}).execute()
    for name in (
        f"{PROJECT_NAME}/serviceAccounts/{created['uniqueId']}",
        f"projects/-/serviceAccounts/{created['email']}",
    ):
        assert accounts.get(name=name).execute()["email"] == created["email"]
    accounts.disable(name=created["name"], body={}).execute()
    assert accounts.get(name=created["name"]).execute()["disabled"] is True
    listed = [each["email"] for each in accounts.list(name=PROJECT_NAME).execute()["accounts"]]
    assert listed == [f"{NUMBER}-compute@developer.gserviceaccount.com", created["email"]]


def test_deleted_roles_and_pools_are_retained(google: Google) -> None:
    roles = google("iam").projects().roles()
    roles.create(parent=PROJECT_NAME, body={"roleId": "sleep", "role": {"title": "Sleep"}}).execute()
    roles.delete(name=f"{PROJECT_NAME}/roles/sleep").execute()
    assert roles.get(name=f"{PROJECT_NAME}/roles/sleep").execute()["deleted"] is True
    assert roles.list(parent=PROJECT_NAME).execute() == {"roles": []}
    roles.undelete(name=f"{PROJECT_NAME}/roles/sleep", body={}).execute()
    assert "deleted" not in roles.get(name=f"{PROJECT_NAME}/roles/sleep").execute()
    pools = google("iam").projects().locations().workloadIdentityPools()
    parent = f"{PROJECT_NAME}/locations/global"
    pools.create(parent=parent, workloadIdentityPoolId="ci-pool", body={}).execute()
    pools.delete(name=f"{parent}/workloadIdentityPools/ci-pool").execute()
    assert pools.get(name=f"{parent}/workloadIdentityPools/ci-pool").execute()["state"] == "DELETED"
    assert pools.list(parent=parent).execute()["workloadIdentityPools"] == []


def test_a_policy_can_be_read_and_written(google: Google, bucket: str) -> None:
    buckets = google("storage").buckets()
    policy = buckets.getIamPolicy(bucket=bucket).execute()
    bindings = [{"role": "roles/storage.objectViewer", "members": ["group:readers@example.com"]}]
    buckets.setIamPolicy(bucket=bucket, body={**policy, "bindings": bindings}).execute()
    assert buckets.getIamPolicy(bucket=bucket).execute()["bindings"] == bindings
    with pytest.raises(HttpError, match="concurrent policy changes"):
        buckets.setIamPolicy(bucket=bucket, body=policy).execute()
    tested = buckets.testIamPermissions(bucket=bucket, permissions=["storage.objects.get"]).execute()
    assert tested["permissions"] == ["storage.objects.get"]
    buckets.delete(bucket=bucket).execute()
    assert google.backend.inventory() == []


def test_a_bucket_has_computed_fields_and_a_retention_lock(google: Google, bucket: str) -> None:
    found = google("storage").buckets().get(bucket=bucket).execute()
    assert (found["locationType"], found["rpo"], found["projectNumber"]) == ("multi-region", "DEFAULT", NUMBER)
    google.send(f"storage/storage/v1/b/{bucket}", {"retentionPolicy": {"retentionPeriod": "60"}}, method="PATCH")
    locked = google("storage").buckets().lockRetentionPolicy(bucket=bucket, ifMetagenerationMatch=2).execute()
    assert locked["retentionPolicy"]["isLocked"] is True


def test_objects_support_the_state_backend(google: Google, bucket: str) -> None:
    objects = google("storage").objects()
    name = "dev/gcp/default.tfstate"
    generation = 0
    for text in (b'{"serial": 1}\r\n', b'{"serial": 2}'):
        created = objects.insert(
            bucket=bucket,
            body={"name": name, "metadata": {"of": "terraform"}},
            media_body=MediaInMemoryUpload(text, "application/json"),
            ifGenerationMatch=generation,
        ).execute()
        assert int(created["generation"]) > generation and created["size"] == str(len(text))
        generation = int(created["generation"])
    with pytest.raises(HttpError) as refused:
        objects.insert(bucket=bucket, name=name, media_body=MediaInMemoryUpload(b"x"), ifGenerationMatch=0).execute()
    assert refused.value.resp.status == 412
    assert objects.get_media(bucket=bucket, object=name).execute() == b'{"serial": 2}'
    _, content = google.request(f"https://storage.googleapis.com/{bucket}/{name}")
    assert content == b'{"serial": 2}'
    google.chunked = True  # like the Go client
    objects.insert(bucket=bucket, name="in-chunks", media_body=MediaInMemoryUpload(b"x")).execute()
    google.chunked = False
    objects.delete(bucket=bucket, object="in-chunks").execute()
    assert objects.get(bucket=bucket, object=name).execute()["metadata"] == {"of": "terraform"}
    listed = objects.list(bucket=bucket, prefix="dev/", delimiter="/").execute()
    assert (listed["items"], listed["prefixes"]) == ([], ["dev/gcp/"])
    objects.delete(bucket=bucket, object=name).execute()
    assert objects.list(bucket=bucket).execute()["items"] == []


def test_an_instance_has_addresses_and_a_first_database(google: Google) -> None:
    network, _ = google.network()
    connections = [{"consumerNetwork": network, "consumerProject": PROJECT}]
    psc = {"pscEnabled": True, "pscAutoConnections": connections}
    settings = {"tier": "db-custom-2-7680", "ipConfiguration": {"ipv4Enabled": False, "pscConfig": psc}}
    google.send(SQL, sql("main") | {"settings": settings})
    found = google.call("GET", f"{SQL}/main")[1]
    assert found["connectionName"] == f"{PROJECT}:{REGION}:main" and found["dnsName"].endswith(".sql.goog.")
    assert found["settings"]["ipConfiguration"]["pscConfig"]["pscAutoConnections"][0]["ipAddress"]
    assert [each["name"] for each in google.call("GET", f"{SQL}/main/databases")[1]["items"]] == ["postgres"]
    google.send(f"{SQL}/main", {"settings": {"activationPolicy": "NEVER"}}, method="PATCH")
    after = google.call("GET", f"{SQL}/main")[1]["settings"]
    assert (after["activationPolicy"], after["tier"], after["settingsVersion"]) == ("NEVER", "db-custom-2-7680", "2")


def test_put_replaces_settings_and_keeps_other_fields(google: Google) -> None:
    instance = sql("main")
    protected = {"settings": instance["settings"] | {"deletionProtectionEnabled": True}}
    google.send(SQL, instance | protected)
    assert google.call("DELETE", f"{SQL}/main")[0] == 400
    google.send(f"{SQL}/main", {"settings": instance["settings"]}, method="PUT")
    after = google.call("GET", f"{SQL}/main")[1]
    assert "deletionProtectionEnabled" not in after["settings"] and after["settings"]["settingsVersion"] == "2"
    assert after["region"] == REGION
    google.send(f"{SQL}/main", {}, method="DELETE")


def test_a_users_password_is_never_returned(google: Google) -> None:
    google.send(SQL, sql("main"))
    users = google("sqladmin", "v1beta4").users()
    users.insert(project=PROJECT, instance="main", body={"name": "me", "password": "secret"}).execute()
    (found,) = users.list(project=PROJECT, instance="main").execute()["items"]
    assert found["name"] == "me" and "password" not in found
    users.delete(project=PROJECT, instance="main", name="me", host="").execute()
    assert users.list(project=PROJECT, instance="main").execute()["items"] == []


def test_a_primary_lists_its_replicas_and_is_deleted_last(google: Google) -> None:
    primary = sql("main")
    primary["settings"] |= {"backupConfiguration": {"enabled": True}}
    google.send(SQL, primary)
    google.send(SQL, sql("copy") | {"masterInstanceName": "main"})
    assert google.call("GET", f"{SQL}/main")[1]["replicaNames"] == ["copy"]
    assert "read replicas" in google.call("DELETE", f"{SQL}/main")[1]["error"]["message"]
    google.send(f"{SQL}/copy", {}, method="DELETE")
    google.send(f"{SQL}/main", {}, method="DELETE")
    assert google.backend.inventory() == []


def test_a_cluster_includes_its_pools_and_can_be_updated(google: Google) -> None:
    google.network()
    google.send(CLUSTERS, {"cluster": cluster("main") | {"initialNodeCount": 1}})
    google.send(f"{CLUSTERS}/main/nodePools", {"nodePool": {"name": "spot", "config": {"spot": True}}})
    found = google.call("GET", f"{CLUSTERS}/main")[1]
    assert [each["name"] for each in found["nodePools"]] == ["default-pool", "spot"]
    assert found["nodeConfig"]["machineType"] == "e2-medium" and found["endpoint"]
    google.send(f"{CLUSTERS}/main", {"update": {"desiredLoggingConfig": {"componentConfig": {}}}}, method="PUT")
    google.send(f"{CLUSTERS}/main/nodePools/spot:setSize", {"nodeCount": 3})
    changed = {"diskSizeGb": "60", "machineType": "e2-standard-4", "resourceLabels": {"labels": {"owner": "platform"}}}
    google.send(f"{CLUSTERS}/main/nodePools/spot", changed | {"taints": {"taints": [{"key": "spot"}]}}, method="PUT")
    google.send(f"{CLUSTERS}/main:setResourceLabels", {"resourceLabels": {"owner": "platform"}})
    found = google.call("GET", f"{CLUSTERS}/main")[1]
    assert found["loggingConfig"] == {"componentConfig": {}} and found["resourceLabels"] == {"owner": "platform"}
    assert found["nodePools"][1]["initialNodeCount"] == 3
    spot = {"diskSizeGb": 60, "machineType": "e2-standard-4", "resourceLabels": {"owner": "platform"}, "spot": True}
    assert found["nodePools"][1]["config"].items() >= (spot | {"taints": [{"key": "spot"}]}).items()
    minor = int(found["currentMasterVersion"].split(".")[1])
    skip, next = ({"update": {"desiredMasterVersion": f"1.{minor + steps}"}} for steps in (3, 1))
    status, refused = google.call("PUT", f"{CLUSTERS}/main", skip)
    assert status == 400 and "only one minor version at a time" in str(refused)
    google.send(f"{CLUSTERS}/main", next, method="PUT")
    assert google.call("GET", f"{CLUSTERS}/main")[1]["currentMasterVersion"].startswith(f"1.{minor + 1}.")
    google.send(f"{CLUSTERS}/main", {}, method="DELETE")
    assert {each.service for each in google.backend.inventory()} == {"compute"}


def test_deleted_log_buckets_are_retained_and_sinks_are_built_in(google: Google) -> None:
    logging = google("logging", "v2").projects()
    buckets = logging.locations().buckets()
    buckets.createAsync(parent=LOCATION, bucketId="trail", body={"retentionDays": 400}).execute()
    buckets.updateAsync(
        name=f"{LOCATION}/buckets/trail", updateMask="retentionDays", body={"retentionDays": 500}
    ).execute()
    assert buckets.get(name=f"{LOCATION}/buckets/trail").execute()["retentionDays"] == 500
    buckets.delete(name=f"{LOCATION}/buckets/trail").execute()
    assert buckets.get(name=f"{LOCATION}/buckets/trail").execute()["lifecycleState"] == "DELETE_REQUESTED"
    with pytest.raises(HttpError, match="already exists"):
        buckets.create(parent=LOCATION, bucketId="trail", body={"retentionDays": 400}).execute()
    buckets.undelete(name=f"{LOCATION}/buckets/trail").execute()
    assert buckets.get(name=f"{LOCATION}/buckets/trail").execute()["lifecycleState"] == "ACTIVE"
    buckets.delete(name=f"{LOCATION}/buckets/trail").execute()
    assert logging.sinks().get(sinkName=f"{PROJECT_NAME}/sinks/_Default").execute()["destination"].endswith("_Default")
    body = {"name": "all", "destination": f"logging.googleapis.com/{PROJECT_NAME}/locations/global/buckets/_Default"}
    created = logging.sinks().create(parent=PROJECT_NAME, uniqueWriterIdentity=True, body=body).execute()
    assert created["writerIdentity"].endswith("@gcp-sa-logging.iam.gserviceaccount.com")


def test_a_zones_policy_can_be_requested_in_a_version(google: Google) -> None:
    google.send(f"dns/dns/v1/{PROJECT_NAME}/managedZones", {"name": "zone", "dnsName": "example.com."})
    url = f"dns/dns/v1/{PROJECT_NAME}/managedZones/zone:getIamPolicy?options.requestedPolicyVersion=3"
    assert google.call("POST", url, {})[0] == 200


def test_jobs_can_be_paused_and_resumed(google: Google) -> None:
    jobs = google("cloudscheduler").projects().locations().jobs()
    body = {"name": f"{LOCATION}/jobs/sleep", "schedule": "0 20 * * *", "httpTarget": {"uri": "https://example.com"}}
    jobs.create(parent=LOCATION, body=body).execute()
    assert jobs.pause(name=body["name"], body={}).execute()["state"] == "PAUSED"
    assert jobs.resume(name=body["name"], body={}).execute()["state"] == "ENABLED"


def test_a_dns_authorization_has_a_validation_record(google: Google) -> None:
    path = f"certificatemanager/v1/{PROJECT_NAME}/locations/global/dnsAuthorizations"
    google.send(f"{path}?dnsAuthorizationId=data", {"domain": "data.example.com"})
    assert google.call("GET", f"{path}/data")[1]["dnsResourceRecord"]["name"] == "_acme-challenge.data.example.com."


def test_the_binary_authorization_policy_can_be_replaced(google: Google) -> None:
    projects = google("binaryauthorization").projects()
    assert (
        projects.getPolicy(name=f"{PROJECT_NAME}/policy").execute()["defaultAdmissionRule"]["evaluationMode"]
        == "ALWAYS_ALLOW"
    )
    rule = {"evaluationMode": "ALWAYS_DENY", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}
    projects.updatePolicy(name=f"{PROJECT_NAME}/policy", body={"defaultAdmissionRule": rule}).execute()
    assert projects.getPolicy(name=f"{PROJECT_NAME}/policy").execute()["defaultAdmissionRule"] == rule


def test_a_channel_of_another_type_has_other_labels(google: Google) -> None:
    """PATCH without a mask replaces the labels as a whole."""
    channels = google("monitoring", "v3").projects().notificationChannels()
    before = {"type": "email", "displayName": "finance", "labels": {"email_address": "finance@example.com"}}
    name = channels.create(name=PROJECT_NAME, body=before).execute()["name"]
    url = {"url": "https://hooks.example.com/finance"}
    channels.patch(name=name, body={"type": "webhook_tokenauth", "displayName": "finance", "labels": url}).execute()
    assert channels.get(name=name).execute()["labels"] == url


def test_alert_conditions_get_names(google: Google) -> None:
    condition = {"displayName": "down", "conditionAbsent": {"filter": "x", "duration": "120s"}}
    body = {"displayName": "down", "combiner": "OR", "conditions": [condition]}
    created = google("monitoring", "v3").projects().alertPolicies().create(name=PROJECT_NAME, body=body).execute()
    assert created["conditions"][0]["name"].startswith(f"{created['name']}/conditions/")


def test_a_deny_policy_can_be_created_updated_and_deleted(google: Google) -> None:
    policies = google("iam", "v2").policies()
    parent = f"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{PROJECT}/denypolicies"
    deny = {
        "deniedPrincipals": ["principalSet://goog/public:all"],
        "deniedPermissions": ["iam.googleapis.com/roles.create"],
    }
    policies.createPolicy(parent=parent, policyId="ceiling", body={"rules": [{"denyRule": deny}]}).execute()
    found = policies.get(name=f"{parent}/ceiling").execute()
    assert found["rules"] == [{"denyRule": deny}]
    policies.update(name=f"{parent}/ceiling", body={**found, "displayName": "Ceiling"}).execute()
    assert policies.get(name=f"{parent}/ceiling").execute()["displayName"] == "Ceiling"
    policies.delete(name=f"{parent}/ceiling").execute()
    assert google.backend.inventory() == []


UNPUBLISHED: tuple[tuple[str, str, Json, Json], ...] = (
    (f"memorystore/v1/{LOCATION}/instances", "instanceId", {"replicaCount": 1}, {"replicaCount": 2}),
    (
        f"securitycenter/v2/{PROJECT_NAME}/locations/global/notificationConfigs",
        "configId",
        {"streamingConfig": {"filter": "x"}},
        {"description": "changed"},
    ),
)


@pytest.mark.parametrize(("url", "parameter", "body", "change"), UNPUBLISHED, ids=["cache", "findings"])
def test_services_without_a_document_follow_conventions(
    google: Google, url: str, parameter: str, body: Json, change: Json
) -> None:
    for name in ("first", "second", "third"):
        google.send(f"{url}?{parameter}={name}", body)
    found = google.call("GET", f"{url}/first")[1]
    assert found.items() >= body.items() and found["name"].endswith("/first")
    page = google.call("GET", f"{url}?pageSize=2")[1]
    rest = google.call("GET", f"{url}?pageSize=2&pageToken={page['nextPageToken']}")[1]
    collection = url.rpartition("/")[2]
    assert (len(page[collection]), len(rest[collection])) == (2, 1)
    google.send(f"{url}/first?updateMask={','.join(change)}", change, method="PATCH")
    assert google.call("GET", f"{url}/first")[1].items() >= change.items()
    google.send(f"{url}/first", {}, method="DELETE")
    assert google.call("GET", f"{url}/first")[0] == 404


def test_ids_of_lists_of_kafka_contain_a_slash(google: Google) -> None:
    clusters = google("managedkafka").projects().locations().clusters()
    _, subnet = google.network()
    cluster = {
        "capacityConfig": {"vcpuCount": "3", "memoryBytes": "3221225472"},
        "gcpConfig": {"accessConfig": {"networkConfigs": [{"subnet": subnet}]}},
    }
    clusters.create(parent=LOCATION, clusterId="main", body=cluster).execute()
    parent, entries = f"{LOCATION}/clusters/main", [{"principal": "User:a", "operation": "READ", "host": "*"}]
    for id in ("allTopics", "topic/orders", "consumerGroupPrefixed/sink."):
        clusters.acls().create(parent=parent, aclId=id, body={"aclEntries": entries}).execute()
        assert clusters.acls().get(name=f"{parent}/acls/{id}").execute()["name"] == f"{parent}/acls/{id}"
    body = {"aclEntries": [{**entries[0], "operation": "WRITE"}]}
    clusters.acls().patch(name=f"{parent}/acls/topic/orders", body=body, updateMask="aclEntries").execute()
    clusters.acls().delete(name=f"{parent}/acls/allTopics").execute()
    found = {
        one["name"]: one["aclEntries"][0]["operation"] for one in clusters.acls().list(parent=parent).execute()["acls"]
    }
    assert found == {f"{parent}/acls/consumerGroupPrefixed/sink.": "READ", f"{parent}/acls/topic/orders": "WRITE"}


def test_a_cache_has_an_address(google: Google) -> None:
    network, _ = google.network()
    endpoints = [{"connections": [{"pscAutoConnection": {"network": network, "projectId": PROJECT}}]}]
    google.send(f"memorystore/v1/{LOCATION}/instances?instanceId=cache", {"endpoints": endpoints})
    found = google.call("GET", f"memorystore/v1/{LOCATION}/instances/cache")[1]
    connection = found["endpoints"][0]["connections"][0]["pscAutoConnection"]
    assert connection["ipAddress"] and connection["port"] == 6379 and found["state"] == "ACTIVE"
