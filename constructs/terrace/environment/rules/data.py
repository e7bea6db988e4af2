"""The lake, its lifecycle, the data products in it, and how long records are kept."""

from collections.abc import Iterator

from terrace.capabilities.lake import BUCKETS
from terrace.environment.schema import DataProduct, Environment
from terrace.errors import Problem

COOL_DAYS = 30
"""Days an object stays in infrequent access before it may move on. Source: S3 User Guide, "Lifecycle transition
constraints"."""

AUDIT_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Periods of a year and more that log services sell. Source: CloudWatch Logs API Reference, PutRetentionPolicy."""

LEAST_LOG_DAYS = 90
"""Days of logs at hand in staging and prod: three months, as PCI DSS 4.0, 10.5.1 wants them."""

CLASSES = ("public", "internal", "confidential", "restricted")


def each_bucket_has_a_lifecycle(environment: Environment) -> Iterator[Problem]:
    for bucket in BUCKETS:
        if bucket not in environment.lake.lifecycle:
            yield Problem("is missing: each bucket has a rule (LAKE-4).", path=f"lake.lifecycle.{bucket}")


def objects_cool_before_they_go(environment: Environment) -> Iterator[Problem]:
    for bucket, rule in environment.lake.lifecycle.items():
        path = f"lake.lifecycle.{bucket}"
        if rule.archive_after_days < rule.cool_after_days + COOL_DAYS:
            yield Problem(
                f"{rule.archive_after_days} is too soon: objects are cool after {rule.cool_after_days} days, for "
                f"{COOL_DAYS} at least.",
                path=f"{path}.archive_after_days",
                hint=f"Write {rule.cool_after_days + COOL_DAYS} or more.",
            )
        if rule.expire_after_days is not None and rule.expire_after_days <= rule.archive_after_days:
            yield Problem(
                f"{rule.expire_after_days} is too soon: objects are archived after {rule.archive_after_days} days.",
                path=f"{path}.expire_after_days",
            )


def locked_objects_do_not_expire(environment: Environment) -> Iterator[Problem]:
    """An object that is locked cannot be removed: bronze for the immutability's days, audit for the audit's."""
    locked = {"bronze": environment.lake.immutability.days, "audit": environment.audit.retention_days}
    causes = {"bronze": "lake.immutability.days", "audit": "audit.retention_days"}
    for bucket, rule in environment.lake.lifecycle.items():
        days = locked.get(bucket)
        if days is not None and rule.expire_after_days is not None and rule.expire_after_days <= days:
            yield Problem(
                f"{rule.expire_after_days} is too soon: {causes[bucket]} keeps objects for {days}.",
                path=f"lake.lifecycle.{bucket}.expire_after_days",
                hint=f"Write more than {days}, or leave it out.",
            )


def cluster_backups_outlive_their_plan(environment: Environment) -> Iterator[Problem]:
    rule = environment.lake.lifecycle.get("backups")
    days = environment.backup.retention_days
    if rule is not None and rule.expire_after_days is not None and rule.expire_after_days < days:
        yield Problem(
            f"{rule.expire_after_days} is too soon: backup.retention_days is {days} (BAK-2).",
            path="lake.lifecycle.backups.expire_after_days",
        )


def audit_period_is_for_sale(environment: Environment) -> Iterator[Problem]:
    days = environment.audit.retention_days
    if days not in AUDIT_DAYS:
        nearest = next(period for period in AUDIT_DAYS if period >= days)
        yield Problem(
            f"{days} days cannot be had. Did you mean {nearest}?",
            path="audit.retention_days",
            hint=f"({', '.join(map(str, AUDIT_DAYS))})",
        )


def logs_are_kept_long_enough(environment: Environment) -> Iterator[Problem]:
    days = environment.observability.retention_days
    if environment.tier != "dev" and days < LEAST_LOG_DAYS:
        yield Problem(
            f"{days} days are too few for {environment.tier}: {LEAST_LOG_DAYS} at least (OBS-1).",
            path="observability.retention_days",
        )
    if days > environment.audit.retention_days:
        yield Problem(
            f"{days} days are more than the {environment.audit.retention_days} of the audit record, "
            "which has to be kept longest (AUD-1).",
            path="observability.retention_days",
        )


def products_have_names_of_their_own(environment: Environment) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, product in enumerate(environment.data_products):
        path = f"data_products.{position}.name"
        if product.name in seen:
            yield Problem(f"{product.name!r} is data_products.{seen[product.name]}'s name already.", path=path)
        elif product.name in BUCKETS:
            yield Problem(f"{product.name!r} is the name of a bucket.", path=path)
        elif product.name in environment.modules:
            yield Problem(f"{product.name!r} is the name of a module.", path=path)
        seen.setdefault(product.name, position)


def products_fit_their_layers(environment: Environment) -> Iterator[Problem]:
    for position, product in enumerate(environment.data_products):
        path = f"data_products.{position}"
        for place, layer in enumerate(product.layers):
            if layer in product.layers[:place]:
                yield Problem(f"{layer!r} is there twice.", path=f"{path}.layers.{place}")
        yield from _kept_too_long(environment, product, path)


def products_are_not_above_the_environment(environment: Environment) -> Iterator[Problem]:
    highest = environment.ownership.data_classification
    for position, product in enumerate(environment.data_products):
        if CLASSES.index(product.classification) > CLASSES.index(highest):
            yield Problem(
                f"{product.classification!r} is above the environment's own, {highest!r}.",
                path=f"data_products.{position}.classification",
                hint="Raise ownership.data_classification, or keep the product elsewhere.",
            )


def _kept_too_long(environment: Environment, product: DataProduct, path: str) -> Iterator[Problem]:
    for layer in dict.fromkeys(product.layers):
        rule = environment.lake.lifecycle.get(layer)
        if rule is None or rule.expire_after_days is None or product.retention_days <= rule.expire_after_days:
            continue
        yield Problem(
            f"{product.retention_days} days are longer than {layer} keeps anything: {rule.expire_after_days} days.",
            path=f"{path}.retention_days",
        )
