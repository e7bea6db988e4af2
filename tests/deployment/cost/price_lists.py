"""A server with the clouds' price lists, in the shapes that their documentation gives. The numbers are of these tests.

Sources: AWS Price List API Reference, GetProducts; Microsoft Learn, 'Azure Retail Prices overview'; Cloud Billing API,
services.skus.list.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


def aws_product(sku: str, attributes: dict[str, str], unit: str, price: str) -> dict[str, Any]:
    rate = {
        "rateCode": f"{sku}.1.2",
        "unit": unit,
        "beginRange": "0",
        "endRange": "Inf",
        "pricePerUnit": {"USD": price},
    }
    term = {"sku": sku, "offerTermCode": "JRTCKXETXF", "priceDimensions": {f"{sku}.1.2": rate}, "termAttributes": {}}
    product = {"sku": sku, "productFamily": "x", "attributes": attributes}
    return {"product": product, "terms": {"OnDemand": {f"{sku}.1": term}}, "version": "1", "publicationDate": "2026"}


AWS = [
    (
        "AmazonRDS",
        aws_product(
            "R1",
            {
                "instanceType": "db.t4g.medium",
                "databaseEngine": "PostgreSQL",
                "deploymentOption": "Single-AZ",
                "regionCode": "eu-central-1",
                "usagetype": "EUC1-InstanceUsage:db.t4g.medium",
            },
            "Hrs",
            "0.10",
        ),
    ),
    (
        "AmazonRDS",
        aws_product(
            "R2",
            {
                "volumeType": "General Purpose-GP3",
                "databaseEngine": "PostgreSQL",
                "productFamily": "Database Storage",
                "deploymentOption": "Single-AZ",
                "regionCode": "eu-central-1",
                "usagetype": "EUC1-RDS:GP3-Storage",
            },
            "GB-Mo",
            "0.20",
        ),
    ),
    (
        "AmazonEC2",
        aws_product("N1", {"regionCode": "eu-central-1", "usagetype": "EUC1-NatGateway-Hours"}, "Hrs", "0.05"),
    ),
    (
        "AmazonEC2",
        aws_product("N2", {"regionCode": "eu-central-1", "usagetype": "EUC1-NatGateway-Bytes"}, "GB", "0.05"),
    ),
    (
        "AmazonMSK",
        aws_product("K1", {"regionCode": "eu-central-1", "usagetype": "EUC1-Kafka.m7g.large"}, "Hrs", "0.25"),
    ),
    (
        "AmazonMSK",
        aws_product("K2", {"regionCode": "eu-central-1", "storageFamily": "GP2"}, "GB-Mo", "0.10"),
    ),
]


def azure_item(product: str, meter: str, price: float, **more: str) -> dict[str, Any]:
    return {
        "currencyCode": "USD",
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": "germanywestcentral",
        "meterName": meter,
        "productName": product,
        "skuName": meter,
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        **more,
    }


AZURE = [
    [
        azure_item("Virtual Machines Dsv5 Series Windows", "D4s v5", 0.4),
        azure_item("Virtual Machines Dsv5", "D4s v5 Spot", 0.1),
    ],
    [azure_item("Virtual Machines Dsv5 Series", "D4s v5", 0.25)],
]


def gcp_sku(id: str, description: str, region: str, units: str, nanos: int, unit: str = "h") -> dict[str, Any]:
    price = {"currencyCode": "USD", "units": units, "nanos": nanos}
    expression = {"usageUnit": unit, "tieredRates": [{"startUsageAmount": 0, "unitPrice": price}]}
    return {
        "name": f"services/x/skus/{id}",
        "skuId": id,
        "description": description,
        "serviceRegions": [region],
        "category": {"usageType": "OnDemand"},
        "pricingInfo": [{"pricingExpression": expression}],
    }


SQL = "Cloud SQL for PostgreSQL: Zonal - vCPU in"
GCP = [
    [
        gcp_sku("A", f"{SQL} Frankfurt", "europe-west3", "0", 50_000_000),
        gcp_sku("B", f"{SQL} Iowa", "us-central1", "9", 0),
    ],
    [gcp_sku("C", "Regional Kubernetes Clusters", "europe-west3", "0", 100_000_000)],
]


class _Lists(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fields = {one["Field"]: one["Value"] for one in wanted["Filters"]}
        listed = [
            json.dumps(product)
            for service, product in AWS
            if service == wanted["ServiceCode"] and fields.items() <= product["product"]["attributes"].items()
        ]
        self._answer({"FormatVersion": "aws_v1", "PriceList": listed}, "application/x-amz-json-1.1")

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        base = f"http://127.0.0.1:{self.server.server_address[1]}"
        if self.path.startswith("/azure"):
            page = int(query.get("$skip", "0"))
            following = f"{base}/azure?$skip={page + 1}" if page + 1 < len(AZURE) else None
            self._answer({"BillingCurrency": "USD", "Items": AZURE[page], "NextPageLink": following, "Count": 1})
        elif self.headers.get("X-Goog-Api-Key") != "a-key":
            self.send_error(403)
        else:
            page = int(query.get("pageToken", "0"))
            self._answer({"skus": GCP[page], "nextPageToken": str(page + 1) if page + 1 < len(GCP) else ""})

    def _answer(self, content: dict[str, Any], kind: str = "application/json") -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The address of a server on loopback with all three lists."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Lists) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
