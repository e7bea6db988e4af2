"""Names fit Google Cloud's limits, and a plan shows them."""

import re

import pytest

from terrace.gcp import names

ENVIRONMENTS = ("dev", "staging", "prod")


def test_a_long_name_is_cut_and_stays_unique():
    first, second = names.short("a" * 40 + "1", 30), names.short("a" * 40 + "2", 30)
    assert len(first) == len(second) == 30 and first != second
    assert names.short("a" * 40 + "1", 30) == first
    assert names.short("short", 30) == "short"
    assert "--" not in names.short("platform-development-external-secrets", 26)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_fit_googles_limits(gcp, environment):
    stack = gcp(environment)
    for _, body in stack.all("google_service_account"):
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", body["account_id"])
    for _, body in stack.all("google_storage_bucket"):
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", body["name"]) and "goog" not in body["name"]
    for _, body in stack.all("google_container_node_pool"):
        assert re.fullmatch(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", body["name"])
    for type in ("google_compute_firewall", "google_compute_subnetwork", "google_compute_address"):
        for _, body in stack.all(type):
            assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", body["name"])
    for _, body in stack.all("google_dns_managed_zone"):
        assert len(body["name"]) <= 63 and body["dns_name"].endswith(".")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_keys_topics_and_buckets_are_known_in_a_plan(gcp, environment):
    known = ("kms_key_name", "kms_key", "encryption_key_name", "boot_disk_kms_key", "pubsub_topic", "log_bucket")
    for type, named in gcp(environment).document["resource"].items():
        for name, body in named.items():
            for key in known:
                assert "${" not in str(body.get(key, "")), (type, name, key)
