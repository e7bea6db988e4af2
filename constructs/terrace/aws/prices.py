"""What AWS resources are billed for, and AWS's price list.

Sources: the pricing page of each service; AWS Billing User Guide, 'Finding services and products using
the AWS Price List Query API'; AWS Price List API Reference, GetProducts.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from terrace.capabilities.prices import Bill, Part, Price, Pricing, Sku, first

_ENDPOINT_REGION = "us-east-1"
"""The API is in few regions and has the prices of all."""
_URL = "https://api.pricing.us-east-1.amazonaws.com/ GetProducts"
_UNITS = {"Hrs": "hour", "hours": "hour", "Hours": "hour", "GB-Mo": "GB-month"}

_FREE = """
    aws_db_parameter_group aws_db_subnet_group aws_default_network_acl aws_default_route_table
    aws_default_security_group aws_ecr_lifecycle_policy aws_ecr_repository_policy aws_eks_access_entry
    aws_eks_access_policy_association aws_eks_pod_identity_association aws_elasticache_parameter_group
    aws_elasticache_subnet_group aws_elasticache_user aws_elasticache_user_group aws_iam_account_password_policy
    aws_iam_openid_connect_provider aws_iam_policy aws_iam_role aws_iam_role_policy aws_iam_role_policy_attachment
    aws_iam_service_linked_role aws_internet_gateway aws_kms_alias aws_launch_template aws_lb_listener
    aws_lb_target_group aws_msk_configuration aws_network_acl aws_resourcegroups_group aws_route aws_route_table
    aws_route_table_association
    aws_s3_account_public_access_block aws_s3_bucket_lifecycle_configuration aws_s3_bucket_logging
    aws_s3_bucket_object_lock_configuration aws_s3_bucket_ownership_controls aws_s3_bucket_policy
    aws_s3_bucket_public_access_block aws_s3_bucket_server_side_encryption_configuration aws_s3_bucket_versioning
    aws_secretsmanager_secret_policy aws_secretsmanager_secret_version aws_security_group aws_sns_topic_policy
    aws_subnet aws_vpc aws_vpc_security_group_egress_rule aws_vpc_security_group_ingress_rule
"""
FREE = frozenset(_FREE.split())
"""Resource types without a price of their own."""

USAGE: Mapping[str, str] = {
    "aws_cloudtrail": "recorded events",
    "aws_cloudwatch_log_group": "log volume",
    "aws_config_configuration_recorder": "recorded changes",
    "aws_ecr_repository": "stored images",
    "aws_flow_log": "log volume",
    "aws_guardduty_detector": "analysed events",
    "aws_s3_bucket": "stored data and requests",
    "aws_sns_topic": "messages",
    "aws_backup_vault": "stored backups",
}
"""Resource types that are billed by use alone."""


def _database(values: Mapping[str, Any]) -> Bill:
    deployment = "Multi-AZ" if values.get("multi_az") in (True, "true") else "Single-AZ"
    database = {"ServiceCode": "AmazonRDS", "databaseEngine": "PostgreSQL", "deploymentOption": deployment}
    size, storage = values["instance_class"], values.get("storage_type", "gp2")
    instance = Sku(f"RDS for PostgreSQL {size}, {deployment}", "hour", {**database, "instanceType": size})
    volume = {**database, "volumeType": f"General Purpose-{storage.upper()}", "productFamily": "Database Storage"}
    return Bill(
        (
            Part(instance, Decimal(1), sleeps=True),
            Part(Sku(f"RDS storage {storage}, {deployment}", "GB-month", volume), _number(values["allocated_storage"])),
        ),
        "backups beyond the size of the database",
    )


def _nodes(values: Mapping[str, Any]) -> Bill:
    sizes = values["instance_types"]
    if values.get("capacity_type") == "SPOT":
        return Bill(usage=f"spot nodes of {' or '.join(sizes)}: the price is the market's")
    if len(sizes) != 1:
        raise ValueError("which of several instance types the autoscaler takes")
    size, count = sizes[0], _number(first(values["scaling_config"])["desired_size"])
    query = {
        "ServiceCode": "AmazonEC2", "instanceType": size, "operatingSystem": "Linux", "tenancy": "Shared",
        "preInstalledSw": "NA", "capacitystatus": "Used",
    }  # fmt: skip
    return Bill((Part(Sku(f"EC2 {size}", "hour", query), count, sleeps=True),), "nodes that the autoscaler adds, disks")


def _cache(values: Mapping[str, Any]) -> Bill:
    size, engine = values["node_type"], values.get("engine", "redis")
    query = {"ServiceCode": "AmazonElastiCache", "instanceType": size, "cacheEngine": engine.capitalize()}
    return Bill((Part(Sku(f"ElastiCache for {engine} {size}", "hour", query), _number(values["num_cache_clusters"])),))


def _streams(values: Mapping[str, Any]) -> Bill:
    group, count = first(values["broker_node_group_info"]), _number(values["number_of_broker_nodes"])
    size, volume = group["instance_type"], first(first(group["storage_info"])["ebs_storage_info"])["volume_size"]
    broker = Sku(f"MSK broker {size}", "hour", _of("AmazonMSK", f"Kafka.{size.removeprefix('kafka.')}"))
    storage = Sku("MSK storage", "GB-month", {"ServiceCode": "AmazonMSK", "storageFamily": "GP2"})
    return Bill((Part(broker, count), Part(storage, count * _number(volume))), "data between brokers and clients")


def _endpoint(values: Mapping[str, Any]) -> Bill:
    if values.get("vpc_endpoint_type") != "Interface":
        return Bill()
    sku = Sku("VPC interface endpoint", "hour", {"ServiceCode": "AmazonVPC", "usagetype": "VpcEndpoint-Hours"})
    return Bill((Part(sku, Decimal(len(values["subnet_ids"]))),), "data through the endpoint")


def _each(sku: Sku, usage: str = "") -> Pricing:
    """A bill for one of a SKU, whatever the arguments."""
    return lambda values: Bill((Part(sku, Decimal(1)),), usage)


def _of(service: str, usagetype: str) -> dict[str, str]:
    return {"ServiceCode": service, "usagetype": usagetype}


PRICED: Mapping[str, Pricing] = {
    "aws_cloudwatch_metric_alarm": _each(
        Sku("CloudWatch alarm", "month", _of("AmazonCloudWatch", "CW:AlarmMonitorUsage"))
    ),
    "aws_db_instance": _database,
    "aws_eks_cluster": _each(Sku("EKS cluster", "hour", _of("AmazonEKS", "AmazonEKS-Hours:perCluster"))),
    "aws_eks_node_group": _nodes,
    "aws_elasticache_replication_group": _cache,
    "aws_kms_key": _each(Sku("KMS key", "month", _of("awskms", "KMS-Keys")), "requests"),
    "aws_lb": _each(Sku("Application load balancer", "hour", _of("AWSELB", "LoadBalancerUsage")), "capacity units"),
    "aws_msk_cluster": _streams,
    "aws_nat_gateway": _each(
        Sku("NAT gateway", "hour", _of("AmazonEC2", "NatGateway-Hours")), "data through the gateway"
    ),
    "aws_secretsmanager_secret": _each(
        Sku("Secrets Manager secret", "month", _of("AWSSecretsManager", "AWSSecretsManager-Secrets")), "requests"
    ),
    "aws_vpc_endpoint": _endpoint,
}
"""Resource types to what a resource with the given arguments is billed for."""


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


def prices(region: str, sku: Sku, today: date, *, url: str = "") -> list[Price]:
    """The on-demand prices that AWS lists for a SKU; one is an answer, none or several are not.

    `url` replaces the API's. Raises botocore's errors.
    """
    import boto3

    client = boto3.client("pricing", region_name=_ENDPOINT_REGION, endpoint_url=url or None)
    usagetype = sku.query.get("usagetype", "")
    fields = {name: value for name, value in sku.query.items() if name not in ("ServiceCode", "usagetype")}
    filters: list[Any] = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value}
        for name, value in {**fields, "regionCode": region}.items()
    ]
    pages = client.get_paginator("get_products").paginate(ServiceCode=sku.query["ServiceCode"], Filters=filters)
    products = [json.loads(product) for page in pages for product in page["PriceList"]]
    return [
        Price("aws", region, sku.name, sku.unit, amount, "USD", f"{_URL} sku {product['product']['sku']}", today)
        for product in products
        if _is_usage(product["product"]["attributes"].get("usagetype", ""), usagetype)
        for unit, amount in _rates(product)
        if amount and _UNITS.get(unit, "month") == sku.unit
    ]


def _is_usage(found: str, wanted: str) -> bool:
    """Whether a usage type is the wanted one, with the prefix of a region or without: EUC1-NatGateway-Hours."""
    return not wanted or found == wanted or found.partition("-")[2] == wanted


def _rates(product: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for term in product["terms"].get("OnDemand", {}).values():
        for rate in term["priceDimensions"].values():
            yield rate["unit"], Decimal(rate["pricePerUnit"].get("USD", "0"))
