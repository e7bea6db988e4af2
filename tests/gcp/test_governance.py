"""Residency, the deny policy and the project's defaults on Google Cloud (GOV-1, GOV-2)."""

import json

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")


def rule(stack, name):
    return stack.one("google_org_policy_policy", f"governance/{name}")["spec"]["rules"][0]


def test_resources_stay_in_the_environments_regions(gcp):  # GOV-2
    dev = rule(gcp("dev"), "gcp-resourceLocations")["values"]["allowed_values"]
    prod = rule(gcp("prod"), "gcp-resourceLocations")["values"]["allowed_values"]
    assert dev == ["in:europe-west3-locations"]
    assert prod == ["in:europe-west3-locations", "in:europe-west9-locations", "in:eu-locations"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_is_in_an_allowed_region(gcp, environment):  # GOV-2
    allowed = {"europe-west3", "global"} | ({"europe-west9", "europe", "eu"} if environment == "prod" else set())
    for type, named in gcp(environment).document["resource"].items():
        for name, body in named.items():
            place = body.get("location") or body.get("region")
            if isinstance(place, str) and not place.startswith("${"):
                zone_or_region = place.lower()
                region = zone_or_region[:-2] if zone_or_region[-2:] in ("-a", "-b", "-c") else zone_or_region
                assert region in allowed, (type, name, place)
    for path, topic in gcp(environment).all("google_pubsub_topic"):
        assert topic["message_storage_policy"]["allowed_persistence_regions"] == ["europe-west3"], path
    for path, secret in gcp(environment).all("google_secret_manager_secret"):
        assert "auto" not in secret["replication"], path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_services_require_customer_managed_keys(gcp, environment):
    denied = rule(gcp(environment), "gcp-restrictNonCmekServices")["values"]["denied_values"]
    assert {"storage.googleapis.com", "sqladmin.googleapis.com", "secretmanager.googleapis.com"} <= set(denied)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_static_keys_are_denied_and_only_the_pipeline_changes_audit_logs(gcp, environment):  # ID-1, KEY-2, AUD-1
    stack = gcp(environment)
    ceiling = stack.one("google_iam_deny_policy", "governance/ceiling")
    keys, record, detection, reading, changing = (each["deny_rule"] for each in ceiling["rules"])
    assert keys["denied_permissions"] == ["iam.googleapis.com/serviceAccountKeys.create"]
    assert "exception_principals" not in keys
    assert "logging.googleapis.com/sinks.delete" in record["denied_permissions"]
    assert "logging.googleapis.com/sinks.update" in detection["denied_permissions"]
    assert "securitycenter.googleapis.com/notificationconfig.delete" in detection["denied_permissions"]
    assert "cloudkms.googleapis.com/cryptoKeyVersions.destroy" in record["denied_permissions"]
    assert len(record["exception_principals"]) == 1 and "-ci-apply@" in record["exception_principals"][0]
    assert not stack.document["resource"].get("google_service_account_key")
    assert reading["denied_permissions"] == ["secretmanager.googleapis.com/versions.access"]  # SEC-3
    assert [one.rpartition("/")[2] for one in reading["exception_principals"]] == [
        "ServiceAccount",
        "platform-admins@example.com",
    ]
    assert "secretmanager.googleapis.com/secrets.setIamPolicy" in changing["denied_permissions"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_default_service_accounts_are_disabled(gcp, environment):  # K8S-4
    default = gcp(environment).one("google_project_default_service_accounts", "governance/default-accounts")
    assert default["action"] == "DISABLE"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_resources_without_default_labels_have_labels(gcp, environment):  # GOV-1
    stack = gcp(environment)
    labels = {"environment", "owner", "cost-centre", "data-classification", "managed-by"}
    for path, body in stack.all("google_sql_database_instance"):
        assert labels <= set(body["settings"]["user_labels"]), path
    for path, body in stack.all("google_container_node_pool"):
        assert labels <= set(body["node_config"]["resource_labels"]), path
    for type in ("google_monitoring_alert_policy", "google_monitoring_notification_channel", "google_monitoring_slo"):
        for path, body in stack.all(type):
            assert labels <= set(body["user_labels"]), path
    dashboard = stack.one("google_monitoring_dashboard", "alarms/dashboard")
    assert labels <= set(json.loads(dashboard["dashboard_json"])["labels"])
