"""What Google Cloud knows of existing resources: the forms of ids, and what an environment names."""

from terrace.capabilities.existing_facts import ExistingFacts, Form, Kind, Subnets

EXISTING = ExistingFacts(
    key=Kind(
        Form(
            r"projects/[a-z0-9:.-]+/locations/(?P<region>[a-z0-9-]+)/keyRings/[\w-]+/cryptoKeys/[\w-]+",
            "projects/PROJECT/locations/europe-west3/keyRings/RING/cryptoKeys/KEY",
        ),
        "google_kms_crypto_key",
        "keys/{name}",
    ),
    network=Kind(
        Form(r"projects/[a-z0-9:.-]+/global/networks/[a-z0-9-]+", "projects/PROJECT/global/networks/NETWORK"),
        "google_compute_network",
        "network/vpc",
    ),
    subnet=Kind(
        Form(
            r"projects/[a-z0-9:.-]+/regions/(?P<region>[a-z0-9-]+)/subnetworks/[a-z0-9-]+",
            "projects/PROJECT/regions/europe-west3/subnetworks/SUBNET",
        ),
        "google_compute_subnetwork",
        "",
    ),
    cluster=Kind(
        Form(
            r"projects/(?P<account>[a-z0-9:.-]+)/locations/(?P<region>[a-z]+-[a-z]+\d+)(-[a-z])?/clusters/[a-z0-9-]+",
            "projects/PROJECT/locations/europe-west3/clusters/CLUSTER",
        ),
        "google_container_cluster",
        "cluster/cluster",
    ),
    registry=Kind(
        Form(
            r"projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/repositories/[a-z][a-z0-9-]*",
            "projects/PROJECT/locations/europe-west3/repositories/REPOSITORY",
        ),
        "google_artifact_registry_repository",
        "registry/registry",
    ),
    dns_zone=Kind(
        Form(r"projects/(?P<account>[a-z0-9:.-]+)/managedZones/[a-z][a-z0-9-]*", "projects/PROJECT/managedZones/ZONE"),
        "google_dns_managed_zone",
        "entry/zone",
    ),
    monitoring=Kind(
        Form(
            r"projects/[a-z0-9:.-]+/locations/(?P<region>[a-z0-9-]+)/buckets/[A-Za-z0-9][\w.-]*",
            "projects/PROJECT/locations/europe-west3/buckets/BUCKET",
        ),
        "google_logging_project_bucket_config",
        "observability/platform-log",
    ),
    subnets={
        "nodes": Subnets(1, "network/nodes"),
        "control": Subnets(1, "network/control"),
        "data": Subnets(1, "network/data"),
    },
    nodes=Form(r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com", "address of the nodes' service account"),
)
