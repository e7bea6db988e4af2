"""Cloud Storage buckets on Google Cloud (LAKE-1 to LAKE-7)."""

import pytest

from terrace.capabilities.lake import BUCKETS, REPLICATED

ENVIRONMENTS = ("dev", "staging", "prod")


def bucket(stack, name):
    return stack.one("google_storage_bucket", f"lake/{name}/bucket")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_bucket_can_be_public(gcp, environment):  # LAKE-1
    buckets = gcp(environment).all("google_storage_bucket")
    assert len(buckets) == len(BUCKETS)
    for path, body in buckets:
        assert body["public_access_prevention"] == "enforced", path
        assert body["uniform_bucket_level_access"] is True, path
        assert body["force_destroy"] is False, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_bucket_uses_only_its_key(gcp, environment):  # LAKE-2
    for path, body in gcp(environment).all("google_storage_bucket"):
        encryption = body["encryption"]
        assert "/cryptoKeys/" in encryption["default_kms_key_name"], path
        for other in ("google_managed", "customer_supplied"):
            assert encryption[f"{other}_encryption_enforcement_config"]["restriction_mode"] == "FullyRestricted", path
    plain_http = gcp(environment).one("google_org_policy_policy", "governance/storage-secureHttpTransport")
    assert plain_http["spec"]["rules"] == [{"enforce": "TRUE"}]
    assert bucket(gcp(environment), "gold")["encryption"]["default_kms_key_name"].endswith("/lake")


@pytest.mark.parametrize(
    ("environment", "days", "locked"), [("dev", 1, False), ("staging", 7, False), ("prod", 30, True)]
)
def test_bronze_is_immutable_and_the_others_are_versioned(gcp, environment, days, locked):  # LAKE-3
    stack = gcp(environment)
    assert bucket(stack, "bronze")["retention_policy"] == {"is_locked": locked, "retention_period": str(days * 86400)}
    for name in BUCKETS:
        body = bucket(stack, name)
        assert body["versioning"]["enabled"] is (name not in ("bronze", "audit")), name
        assert body["soft_delete_policy"]["retention_duration_seconds"] >= 7 * 86400, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cold_data_moves_and_old_versions_expire(gcp, environment):  # LAKE-4
    for path, body in gcp(environment).all("google_storage_bucket"):
        classes = [rule["action"].get("storage_class") for rule in body["lifecycle_rule"]]
        assert {"NEARLINE", "COLDLINE"} <= set(classes), path
        assert any("days_since_noncurrent_time" in rule["condition"] for rule in body["lifecycle_rule"]), path


def test_prod_spans_two_regions_with_turbo_replication(gcp):  # LAKE-5
    for name in BUCKETS:
        body = bucket(gcp("prod"), name)
        if name in REPLICATED:
            assert body["location"] == "EU"
            assert body["rpo"] == "ASYNC_TURBO"
            assert body["custom_placement_config"]["data_locations"] == ["EUROPE-WEST3", "EUROPE-WEST9"]
            assert "/locations/europe/" in body["encryption"]["default_kms_key_name"]
        else:
            assert body["location"] == "EUROPE-WEST3"
    assert {body["location"] for _, body in gcp("staging").all("google_storage_bucket")} == {"EUROPE-WEST3"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_access_is_logged_to_the_access_bucket(gcp, environment):  # LAKE-6
    stack = gcp(environment)
    access = bucket(stack, "access")["name"]
    for path, body in stack.all("google_storage_bucket"):
        if body["name"] != access:
            assert body["logging"]["log_bucket"] == access, path
    assert stack.one("google_storage_bucket_iam_member", "lake/access/access-log-writer")["bucket"] == access


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rights_are_given_again_on_a_bucket_that_is_made_again(gcp, environment):
    stack = gcp(environment)
    rights = [body for path, body in stack.all("google_storage_bucket_iam_member") if not path.startswith("pipelines/")]
    assert len(rights) >= 10
    for body in rights:
        (trigger,) = body["lifecycle"]["replace_triggered_by"]
        type, name, attribute = trigger.split(".")
        assert stack.document["resource"][type][name]["name"] == body["bucket"]
        assert attribute == "id"  # unknown in the plan if the bucket is replaced, unlike the name


def test_modules_get_exactly_their_access_to_layers(gcp):  # LAKE-7
    stack = gcp("prod")
    granted = {
        (body["member"].split("@")[0].rpartition("-")[2], body["bucket"].split("-")[2], body["role"].rpartition(".")[2])
        for path, body in stack.all("google_storage_bucket_iam_member")
        if path.startswith("workloads/")
    }
    assert granted == {
        ("airflow", "bronze", "objectUser"),
        ("airflow", "silver", "objectUser"),
        ("airflow", "artifacts", "objectViewer"),
        ("spark", "bronze", "objectViewer"),
        ("spark", "silver", "objectUser"),
        ("spark", "gold", "objectUser"),
        ("superset", "gold", "objectViewer"),
    }
    whole = [
        path for path, body in stack.all("google_project_iam_member") if body["role"].startswith("roles/storage.obj")
    ]
    assert whole == ["pipelines/plan-bundles", "pipelines/plan-state"]  # limited to the states by conditions


def test_sensitive_data_in_bronze_is_sought_where_it_is_asked_for(gcp):  # LAKE-8
    job = gcp("prod").one("google_data_loss_prevention_job_trigger", "lake/discovery")
    assert job["parent"] == "projects/acme-data-prod/locations/europe-west3"
    options = job["inspect_job"]["storage_config"]["cloud_storage_options"]
    assert options["file_set"]["url"].startswith("gs://dpf-prod-bronze-")
    assert {key for one in job["inspect_job"]["actions"] for key in one} == {
        "publish_summary_to_cscc",
        "publish_to_stackdriver",
    }
    assert gcp("dev").all("google_data_loss_prevention_job_trigger") == []
