"""What Google Cloud resources are billed for, and Google Cloud's price list.

Sources: the pricing page of each service; Cloud Billing documentation, 'Get Google Cloud pricing
information'; Cloud Billing API, services.skus.list.
"""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from terrace.capabilities.prices import Bill, Part, Price, Pricing, Sku, first
from terrace.errors import UsageError
from terrace.variables import GOOGLE_API_KEY

_URL = "https://cloudbilling.googleapis.com/v1"
_UNITS = {"h": "hour", "mo": "month", "GiBy.mo": "GB-month"}
_SQL = "services/9662-B51E-5089"
_GKE = "services/CCD8-9BF1-090E"

_FREE = """
    google_compute_firewall google_compute_network google_compute_route google_compute_subnetwork
    google_iam_deny_policy google_iam_workload_identity_pool google_iam_workload_identity_pool_provider
    google_kms_crypto_key_iam_member google_kms_key_ring google_managed_kafka_acl google_org_policy_policy
    google_project_iam_audit_config google_project_iam_custom_role google_project_iam_member google_project_service
    google_pubsub_topic_iam_member
    google_secret_manager_secret_iam_member google_service_account google_service_account_iam_member
    google_sql_database google_sql_user google_storage_bucket_iam_member
"""
FREE = frozenset(_FREE.split())
"""Resource types without a price of their own."""

USAGE: Mapping[str, str] = {
    "google_artifact_registry_repository": "stored images",
    "google_logging_project_bucket_config": "log volume",
    "google_pubsub_topic": "messages",
    "google_storage_bucket": "stored data and requests",
}
"""Resource types that are billed by use alone."""


def _database(values: Mapping[str, Any]) -> Bill:
    settings = first(values["settings"])
    kind, _, size = str(settings["tier"]).rpartition("custom-")
    if kind != "db-":
        raise ValueError("only custom tiers have a price by core and memory")
    cores, memory = (Decimal(part) for part in size.split("-"))
    zones = "Regional" if settings.get("availability_type") == "REGIONAL" else "Zonal"
    engine = f"Cloud SQL for PostgreSQL: {zones} -"

    def sku(what: str, unit: Any) -> Sku:
        return Sku(f"{engine} {what}", unit, {"service": _SQL, "description": f"{engine} {what} in"})

    return Bill(
        (
            Part(sku("vCPU", "hour"), cores, sleeps=True),
            Part(sku("RAM", "hour"), memory / 1024, sleeps=True),
            Part(sku("Standard storage", "GB-month"), Decimal(str(settings["disk_size"]))),
        ),
        "backups",
    )


def _cluster(values: Mapping[str, Any]) -> Bill:
    query = {"service": _GKE, "description": "Regional Kubernetes Clusters"}
    return Bill((Part(Sku("GKE regional cluster", "hour", query), Decimal(1)),))


PRICED: Mapping[str, Pricing] = {
    "google_container_cluster": _cluster,
    "google_sql_database_instance": _database,
}
"""Resource types to what a resource with the given arguments is billed for."""


def prices(region: str, sku: Sku, today: date, *, url: str = "") -> list[Price]:
    """The on-demand prices that Google lists for a SKU; one is an answer, none or several are not.

    `url` replaces the API's. Raises OSError, and UsageError without an API key.
    """
    key = GOOGLE_API_KEY.read()
    if not key:
        raise UsageError(
            f"{GOOGLE_API_KEY.name} is not set", hint="create an API key that may call the Cloud Billing API"
        )
    source = f"{_URL}/{sku.query['service']}/skus"
    return [
        Price("gcp", region, sku.name, sku.unit, amount, "USD", f"{source} {found['skuId']}", today)
        for found in _skus(f"{url or _URL}/{sku.query['service']}/skus", key)
        if found["description"].startswith(sku.query["description"])
        and region in found["serviceRegions"]
        and found["category"]["usageType"] == "OnDemand"
        for unit, amount in _rates(found)
        if amount and _UNITS.get(unit) == sku.unit
    ]


def _skus(address: str, key: str) -> Iterator[Mapping[str, Any]]:
    token = ""
    while True:
        query = urllib.parse.urlencode({"currencyCode": "USD", **({"pageToken": token} if token else {})})
        request = urllib.request.Request(f"{address}?{query}", headers={"X-Goog-Api-Key": key})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.load(answer)
        yield from content.get("skus", ())
        token = content.get("nextPageToken", "")
        if not token:
            return


def _rates(sku: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Unit and price of each rate; a price is whole units and billionths."""
    for info in sku["pricingInfo"]:
        expression = info["pricingExpression"]
        for rate in expression["tieredRates"]:
            price = rate["unitPrice"]
            yield expression["usageUnit"], Decimal(price.get("units", "0")) + Decimal(price.get("nanos", 0)) / 10**9
