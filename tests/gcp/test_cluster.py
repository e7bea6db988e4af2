"""GKE on Google Cloud (K8S-1 to K8S-11)."""

import pytest

from terrace.environment.sizes import machine

ENVIRONMENTS = ("dev", "staging", "prod")


def cluster(stack):
    return stack.one("google_container_cluster", "cluster/cluster")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nodes_are_private(gcp, environment):  # K8S-1, NET-2
    stack = gcp(environment)
    assert cluster(stack)["private_cluster_config"]["enable_private_nodes"] is True
    for path, pool in stack.all("google_container_node_pool"):
        assert pool["network_config"]["enable_private_nodes"] is True, path


def test_the_api_is_private_or_limited_to_public_ranges(gcp):  # K8S-1
    dev, prod = cluster(gcp("dev")), cluster(gcp("prod"))
    for body in (dev, prod):
        assert body["control_plane_endpoints_config"]["dns_endpoint_config"]["allow_external_traffic"] is False
    named = dev["master_authorized_networks_config"]
    assert [block["cidr_block"] for block in named["cidr_blocks"]] == ["203.0.113.0/24"]
    assert named["gcp_public_cidrs_access_enabled"] is False
    assert dev["control_plane_endpoints_config"]["ip_endpoints_config"]["enabled"] is True
    assert prod["control_plane_endpoints_config"]["ip_endpoints_config"]["enabled"] is False
    assert "master_authorized_networks_config" not in prod


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_kubernetes_secrets_and_disks_use_the_environments_keys(gcp, environment):  # K8S-2, K8S-9
    stack = gcp(environment)
    assert cluster(stack)["database_encryption"]["state"] == "ENCRYPTED"
    assert cluster(stack)["database_encryption"]["key_name"].endswith("/cryptoKeys/cluster")
    for path, pool in stack.all("google_container_node_pool"):
        node = pool["node_config"]
        assert node["boot_disk_kms_key"].endswith("/cryptoKeys/disks"), path
        assert node["image_type"] == "COS_CONTAINERD", path
        assert node["shielded_instance_config"] == {"enable_integrity_monitoring": True, "enable_secure_boot": True}, (
            path
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_control_plane_writes_logs(gcp, environment):  # K8S-3
    on = cluster(gcp(environment))["logging_config"]["enable_components"]
    assert {"APISERVER", "SCHEDULER", "CONTROLLER_MANAGER", "WORKLOADS"} <= set(on)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pods_cannot_read_the_nodes_credentials(gcp, environment):  # K8S-4
    stack = gcp(environment)
    assert cluster(stack)["workload_identity_config"]["workload_pool"].endswith(".svc.id.goog")
    for path, pool in stack.all("google_container_node_pool"):
        node = pool["node_config"]
        assert node["workload_metadata_config"]["mode"] == "GKE_METADATA", path
        assert node["metadata"]["disable-legacy-endpoints"] == "true", path
        assert node["kubelet_config"]["insecure_kubelet_readonly_port_enabled"] == "FALSE", path
        assert node["service_account"].startswith(f"dpf-{environment}-nodes@"), path
    nodes = {
        body["role"]
        for _, body in stack.all("google_project_iam_member")
        if body["member"].startswith(f"serviceAccount:dpf-{environment}-nodes@")
    }
    assert nodes == {"roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_people_authenticate_by_group_and_not_by_certificate(gcp, environment):  # K8S-5
    body = cluster(gcp(environment))
    assert body["authenticator_groups_config"]["security_group"] == "gke-security-groups@example.com"
    assert body["master_auth"]["client_certificate_config"]["issue_client_certificate"] is False
    assert body["enable_legacy_abac"] is False
    assert body["anonymous_authentication_config"]["mode"] == "LIMITED"
    assert set(body["rbac_binding_config"].values()) == {False}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pools_scale_within_their_bounds(gcp, environment):  # K8S-6
    for path, pool in gcp(environment).all("google_container_node_pool"):
        bounds = pool["autoscaling"]
        assert bounds["total_min_node_count"] < bounds["total_max_node_count"], path
        assert "min_node_count" not in bounds, path


def test_prod_has_its_pools(gcp):  # K8S-6
    every = [body for _, body in gcp("prod").all("google_container_node_pool")]
    pools = {body["node_config"]["labels"]["terrace.dev/pool"]: body for body in every}
    assert set(pools) == {"system", "general", "spot", "gpu"}
    assert pools["spot"]["node_config"]["spot"] is True
    assert pools["gpu"]["node_config"]["guest_accelerator"][0]["count"] == 1
    assert pools["gpu"]["node_config"]["machine_type"] == machine("gcp", "gpu", "medium").name
    assert [taint["value"] for taint in pools["spot"]["node_config"]["taint"]] == ["spot"]
    assert "taint" not in pools["general"]["node_config"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_upgrades_have_a_window_and_nodes_are_repaired(gcp, environment):  # K8S-7, K8S-8
    stack = gcp(environment)
    body = cluster(stack)
    assert body["release_channel"]["channel"] == ("REGULAR" if environment == "dev" else "STABLE")
    assert body["maintenance_policy"]["recurring_window"]["recurrence"].startswith("FREQ=WEEKLY")
    assert body["datapath_provider"] == "ADVANCED_DATAPATH"  # K8S-8
    for path, pool in stack.all("google_container_node_pool"):
        assert pool["management"] == {"auto_repair": True, "auto_upgrade": True}, path


def test_only_the_projects_images_run_outside_dev(gcp):  # K8S-10
    assert not gcp("dev").all("google_binary_authorization_policy")
    policy = gcp("prod").one("google_binary_authorization_policy", "cluster/admission")
    assert policy["default_admission_rule"]["evaluation_mode"] == "ALWAYS_DENY"
    assert [each["name_pattern"] for each in policy["admission_whitelist_patterns"]] == [
        "europe-west3-docker.pkg.dev/acme-data-prod/**"
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cluster_cannot_be_deleted_by_accident(gcp, environment):  # K8S-11
    stack = gcp(environment)
    protected = environment != "dev"
    assert cluster(stack)["deletion_protection"] is protected
    policies = dict(stack.all("google_iam_deny_policy"))
    assert ("cluster/deletion" in policies) is protected
    if protected:
        rule = policies["cluster/deletion"]["rules"][0]["deny_rule"]
        assert rule["denied_permissions"] == ["container.googleapis.com/clusters.delete"]
        assert [one.rpartition("/")[2].partition("@")[0] for one in rule["exception_principals"]] == [
            f"dpf-{environment}-ci-apply"
        ]
