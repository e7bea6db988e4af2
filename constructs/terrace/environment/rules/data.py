"""The lake, its lifecycle rules, its data products, and the retention of logs and audit records."""

from collections.abc import Iterator

from terrace.capabilities.data_access import UNMASKED
from terrace.capabilities.lake import BUCKETS, Bucket
from terrace.capabilities.streams import ANY
from terrace.capabilities.target import Settings
from terrace.documents import suggestions
from terrace.environment import data_access
from terrace.environment.schema import DataProduct, Environment
from terrace.errors import Problem
from terrace.modules.enabled import EnabledModule

COOL_DAYS = 30
"""Minimum days of an object in infrequent access before the next transition. Source: S3 User Guide, "Lifecycle
transition constraints"."""

AUDIT_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Retention periods of a year or more that log services offer. Source: CloudWatch Logs API Reference,
PutRetentionPolicy."""

MIN_LOG_DAYS = 90
"""Minimum log retention in staging and prod: three months, as required by PCI DSS 4.0, 10.5.1."""

MAX_PRODUCTS = 20
"""Data products that a module or a group may use in a layer: a right each, and one bucket's policy has 20 bindings of a
role and a member that differ in the condition. Source: Google Cloud IAM documentation, "Quotas and limits". (A
condition on Azure, of 8 KB at most, has space for more.)"""

MAX_PARTS = 50
"""Layers of data products that a module or a group may use, since a role's inline policies have 10,240 characters.
Source: IAM User Guide, "IAM and AWS STS quotas"."""

CLASSES = ("public", "internal", "confidential", "restricted")


def each_bucket_has_lifecycle(environment: Environment) -> Iterator[Problem]:
    for bucket in BUCKETS:
        if bucket not in environment.lake.lifecycle:
            message = "required, but not set: each bucket needs a lifecycle rule (LAKE-4)."
            yield Problem(message, path=f"lake.lifecycle.{bucket}")


def lifecycle_steps_are_in_order(environment: Environment) -> Iterator[Problem]:
    for bucket, rule in environment.lake.lifecycle.items():
        path = f"lake.lifecycle.{bucket}"
        minimum = rule.cool_after_days + COOL_DAYS
        if rule.archive_after_days < minimum:
            yield Problem(
                f"{rule.archive_after_days} is too early; objects become cool after {rule.cool_after_days} days and "
                f"must stay cool for {COOL_DAYS}.",
                path=f"{path}.archive_after_days",
                hint=f"Use at least {minimum}.",
            )
        if rule.expire_after_days is not None and rule.expire_after_days <= rule.archive_after_days:
            yield Problem(
                f"{rule.expire_after_days} is too early; objects are archived after {rule.archive_after_days} days.",
                path=f"{path}.expire_after_days",
                hint=f"Use more than {rule.archive_after_days}.",
            )


def locked_objects_do_not_expire(environment: Environment) -> Iterator[Problem]:
    """Objects in bronze are locked for lake.immutability.days, in audit for audit.retention_days."""
    locks: dict[Bucket, tuple[str, int]] = {
        "bronze": ("lake.immutability.days", environment.lake.immutability.days),
        "audit": ("audit.retention_days", environment.audit.retention_days),
    }
    for bucket, (setting, days) in locks.items():
        rule = environment.lake.lifecycle.get(bucket)
        if rule is not None and rule.expire_after_days is not None and rule.expire_after_days <= days:
            yield Problem(
                f"{rule.expire_after_days} is too early; {setting} locks objects for {days} days.",
                path=f"lake.lifecycle.{bucket}.expire_after_days",
                hint=f"Use more than {days}, or remove it.",
            )


def backup_objects_outlive_backups(environment: Environment) -> Iterator[Problem]:
    rule = environment.lake.lifecycle.get("backups")
    days = environment.backup.retention_days
    if rule is not None and rule.expire_after_days is not None and rule.expire_after_days < days:
        yield Problem(
            f"{rule.expire_after_days} is too early; backup.retention_days is {days} (BAK-2).",
            path="lake.lifecycle.backups.expire_after_days",
            hint=f"Use at least {days}.",
        )


def audit_retention_is_offered(environment: Environment) -> Iterator[Problem]:
    days = environment.audit.retention_days
    if days not in AUDIT_DAYS:
        longer = next(period for period in AUDIT_DAYS if period >= days)
        yield Problem(
            f"no log service offers {days} days.",
            path="audit.retention_days",
            hint=f"Use {longer}. Offered: {', '.join(map(str, AUDIT_DAYS))}.",
        )


def log_retention_is_in_bounds(environment: Environment) -> Iterator[Problem]:
    path, days = "observability.retention_days", environment.observability.retention_days
    if environment.tier != "dev" and days < MIN_LOG_DAYS:
        message = f"{days} days is too short; {environment.tier} needs at least {MIN_LOG_DAYS} days (OBS-1)."
        yield Problem(message, path=path)
    audit_days = environment.audit.retention_days
    if days > audit_days:
        message = f"{days} days is longer than audit.retention_days ({audit_days}), which must be the longest (AUD-1)."
        yield Problem(message, path=path)


def product_names_are_unique(environment: Environment) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, product in enumerate(environment.data_products):
        path = f"data_products.{position}.name"
        if product.name in seen:
            yield Problem(f"{product.name!r} is already the name of data_products.{seen[product.name]}.", path=path)
        elif product.name in BUCKETS:
            yield Problem(f"{product.name!r} is already the name of a bucket.", path=path)
        elif product.name in environment.modules:
            yield Problem(f"{product.name!r} is already the name of a module.", path=path)
        seen.setdefault(product.name, position)


def layers_keep_product_data(environment: Environment) -> Iterator[Problem]:
    for number, product in enumerate(environment.data_products):
        path = f"data_products.{number}"
        for position, layer in enumerate(product.layers):
            if layer in product.layers[:position]:
                yield Problem(f"{layer!r} is listed twice.", path=f"{path}.layers.{position}")
        yield from _retention_problems(environment, product, path)


def product_classification_is_in_bounds(environment: Environment) -> Iterator[Problem]:
    highest = environment.ownership.data_classification
    for position, product in enumerate(environment.data_products):
        if CLASSES.index(product.classification) > CLASSES.index(highest):
            yield Problem(
                f"{product.classification!r} is above the environment's classification, {highest!r}.",
                path=f"data_products.{position}.classification",
                hint="Raise ownership.data_classification, or use another environment for this product.",
            )


def product_modules_use_its_layers(environment: Environment) -> Iterator[Problem]:
    """A module that a data product names needs a layer or topic of it, and writes one if the product lets it write. A
    disabled module has no rights: an overlay may switch it off, or leave the cluster out with all modules."""
    if not environment.modules:
        return
    for position, product in enumerate(environment.data_products):
        for name, access in product.modules.items():
            path = f"data_products.{position}.modules.{name}"
            if name not in environment.modules:
                hint = suggestions.hint(name, list(environment.modules)) or "Add it to modules, or remove it here."
                yield Problem(f"{name!r} is not in modules.", path=path, hint=hint)
            elif module := environment.enabled_modules.get(name):
                needed: dict[str, str] = {
                    layer: module.needs.lake[layer] for layer in product.layers if layer in module.needs.lake
                }
                needed |= {one: right for one in product.topics if (right := _on_topic(module, one))}
                needs = ", ".join(f"{layer}: {verb}" for layer, verb in module.needs.lake.items()) or "none"
                if not needed:
                    message = f"{name} needs no layer of {product.name} (needs.lake: {needs})."
                    yield Problem(message, path=path, hint="Add a layer that it needs, or remove it here.")
                elif access == "read" and "add" in needed.values():
                    message = f"{name} adds to the layers of {product.name} and reads none (needs.lake: {needs})."
                    yield Problem(message, path=path, hint="Write `write`.")
                elif access == "write" and not {"write", "add"} & set(needed.values()):
                    message = f"{name} only reads the layers of {product.name} (needs.lake: {needs})."
                    yield Problem(message, path=path, hint="Write `read`.")


def _on_topic(module: EnabledModule, topic: str) -> str | None:
    """The right that a module needs on a topic of a data product."""
    return module.needs.topics.get(topic, module.needs.topics.get(ANY))


def topics_are_of_one_product(environment: Environment) -> Iterator[Problem]:
    """Who may use a topic follows from one data product."""
    seen: dict[str, str] = {}
    for number, product in enumerate(environment.data_products):
        for position, topic in enumerate(product.topics):
            if topic in seen:
                message = f"{topic!r} is already a topic of {seen[topic]}."
                yield Problem(message, path=f"data_products.{number}.topics.{position}")
            seen.setdefault(topic, product.name)


def modules_have_few_products(environment: Environment) -> Iterator[Problem]:
    """The policies of the rights of a module or a group have limits (MAX_PRODUCTS, MAX_PARTS)."""
    lakes = {name: environment.lake_access(module) for name, module in environment.enabled_modules.items()}
    for name, lake in (*lakes.items(), *data_access.files(environment).items()):
        parts = {layer: folders for layer, folders in lake.items() if layer != "artifacts"}
        path, hint = "data_products", "Put what the same modules use into one data product."
        for layer, folders in parts.items():
            if len(folders) > MAX_PRODUCTS:
                message = f"{name} uses {len(folders)} data products in {layer}; {MAX_PRODUCTS} are supported."
                yield Problem(message, path=path, hint=hint)
        if (count := sum(map(len, parts.values()))) > MAX_PARTS:
            message = f"{name} uses {count} layers of data products; {MAX_PARTS} are supported."
            yield Problem(message, path=path, hint=hint)


def product_tables_differ(environment: Environment) -> Iterator[Problem]:
    """A table's name is of one data product: the database's schemas are shared by all of them."""
    positions = {product.name: number for number, product in enumerate(environment.data_products)}
    owners: dict[str, str] = {}
    for table in environment.product_tables:
        other = owners.setdefault(table.name, table.product)
        if other != table.product:
            yield Problem(
                f"table {table.name!r} is also a table of {other}.",
                path=f"data_products.{positions[table.product]}.contract",
                hint="Rename the table: the schemas of the database are shared by all data products.",
            )


def access_names_what_exists(environment: Environment) -> Iterator[Problem]:
    oidc, database = environment.identity.oidc, environment.database
    groups = sorted(oidc.groups) if oidc else []
    products = [product.name for product in environment.data_products]
    schemas = list(database.schemas) if database else []
    for number, rule in enumerate(environment.access):
        path = f"access.{number}"
        if not rule.places:
            yield Problem("has neither `layers` nor `schemas`.", path=path, hint="Name what the groups may read.")
        for key, names, known, setting in (
            ("groups", rule.groups, groups, "identity.oidc.groups"),
            ("products", rule.products, products, "data_products"),
            ("schemas", rule.schemas, schemas, "database.schemas"),
        ):
            for position, name in enumerate(names):
                if name not in known:
                    hint = suggestions.hint(name, known) or f"Add it to {setting}, or remove it here."
                    yield Problem(f"{name!r} is not in {setting}.", path=f"{path}.{key}.{position}", hint=hint)


def access_is_given_once(environment: Environment) -> Iterator[Problem]:
    """Two rules for the same table would have to be combined by cells, which no engine can do."""
    seen: dict[tuple[str, str, str], int] = {}
    everything = [product.name for product in environment.data_products]
    for number, rule in enumerate(environment.access):
        for group in rule.groups:
            for place in rule.places:
                for product in rule.products or ("", *everything):
                    other = seen.setdefault((group, place, product), number)
                    if other != number:
                        what = f"{product} in {place}" if product else place
                        message = f"{group} may read {what} by access.{other} already."
                        yield Problem(message, path=f"access.{number}", hint="Merge the two, or name other products.")
                        break


def unmasked_places_are_read_in_the_clear(environment: Environment) -> Iterator[Problem]:
    for number, rule in enumerate(environment.access):
        for key, places in (("layers", rule.layers), ("schemas", rule.schemas)):
            for position, place in enumerate(places):
                if place in UNMASKED and rule.personal_data == "masked":
                    yield Problem(
                        f"{place} contains data as it came in, which cannot be masked.",
                        path=f"access.{number}.{key}.{position}",
                        hint="Set `personal_data: clear` if the groups may see it, or remove it.",
                    )


def files_are_read_whole_and_by_known_groups(environment: Environment) -> Iterator[Problem]:
    """Files have no masks and no conditions on rows, and the cloud has to know the groups."""
    cloud = environment.cloud
    settings: Settings | None = getattr(environment, cloud)
    known = settings.groups if settings else {}
    used = {str(getattr(settings, settings.ADMINISTERED_BY)): "the administrators"} if settings else {}
    for number, rule in enumerate(environment.access):
        if not rule.files:
            continue
        path = f"access.{number}.files"
        if not rule.layers:
            yield Problem("names no layers, and only layers have files.", path=path, hint="Add `layers`, or remove it.")
        if rule.personal_data == "masked" or rule.products or rule.rows:
            message = "files have no masks and no conditions, and may contain what no contract describes."
            hint = "Set `personal_data: clear` and remove `products` and `rows`, or remove `files`."
            yield Problem(message, path=path, hint=hint)
        for position, group in enumerate(rule.groups):
            if group not in known:
                message, hint = f"{group!r} has no id on {cloud}.", f"Add it to {cloud}.groups, or remove `files`."
                yield Problem(message, path=f"access.{number}.groups.{position}", hint=hint)
            elif (other := used.setdefault(known[group], group)) != group:
                message = f"{group!r} has the same id on {cloud} as {other}."
                yield Problem(message, path=f"access.{number}.groups.{position}", hint=f"Correct {cloud}.groups.")


def _retention_problems(environment: Environment, product: DataProduct, path: str) -> Iterator[Problem]:
    for layer in dict.fromkeys(product.layers):
        rule = environment.lake.lifecycle.get(layer)
        if rule is None or rule.expire_after_days is None or product.retention_days <= rule.expire_after_days:
            continue
        yield Problem(
            f"{product.retention_days} days is too long; objects in {layer} expire after {rule.expire_after_days} "
            "days.",
            path=f"{path}.retention_days",
        )
