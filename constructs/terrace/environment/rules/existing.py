"""Rules of existing resources: the form of each cloud's ids, and what cannot stand on an existing resource."""

import re
from collections.abc import Iterator

from terrace.capabilities.cloud import TITLES, facts
from terrace.capabilities.existing_facts import ExistingFacts, Form
from terrace.capabilities.keys import RECOVERY_PURPOSES
from terrace.environment import regions
from terrace.environment.schema import Environment
from terrace.errors import Problem


def key_ids_are_of_cloud(environment: Environment) -> Iterator[Problem]:
    for purpose, id in environment.existing.keys.items():
        yield from _of_form(environment, _facts(environment).key.form, id, f"existing.keys.{purpose}", "key")


def keys_can_be_existing(environment: Environment) -> Iterator[Problem]:
    """Each purpose has a key of its own (KEY-1), and copies of data in the recovery region need a second one there."""
    used: dict[str, str] = {}
    for purpose, id in environment.existing.keys.items():
        path = f"existing.keys.{purpose}"
        if reason := _facts(environment).unused_keys.get(purpose):
            message = f"the key of {purpose} cannot be an existing one on {TITLES[environment.cloud]}: {reason}."
            yield Problem(message, path=path, hint="Remove it; the foundation makes this key.")
        if environment.recovery_region and purpose in RECOVERY_PURPOSES:
            message = f"{purpose} also needs a key in the recovery region, which existing keys do not have."
            yield Problem(message, path=path, hint="Remove it; the foundation makes both keys.")
        if id in used:
            message = f"it is the key of {used[id]} too; each purpose has a key of its own (KEY-1)."
            yield Problem(message, path=path, hint="Name another key.")
        used.setdefault(id, purpose)


def network_is_complete(environment: Environment) -> Iterator[Problem]:
    """Each party has its subnets and, on AWS, its security group, with ids of the cloud."""
    network, known, title = environment.existing.network, _facts(environment), TITLES[environment.cloud]
    if network is None:
        return
    path = "existing.network"
    yield from _of_form(environment, known.network.form, network.id, f"{path}.id", "network")
    for kind, ids in network.subnets.items():
        for position, id in enumerate(ids):
            yield from _of_form(environment, known.subnet.form, id, f"{path}.subnets.{kind}.{position}", "subnet")
        if kind not in known.subnets or kind in environment.left_out:
            yield Problem(
                f"nothing is in a subnet {kind} on {title}.", path=f"{path}.subnets.{kind}", hint="Remove it."
            )
    needed = {kind: subnets for kind, subnets in known.subnets.items() if kind not in environment.left_out}
    for kind, (least, _) in needed.items():
        least = max(least, environment.network.zones) if known.subnet_per_zone else least
        if len(network.subnets.get(kind, ())) < least:
            hint = f"List {least} of the kind {kind}" + (", one in each zone." if known.subnet_per_zone else ".")
            yield Problem(f"too few subnets of the kind {kind} for {title}.", path=f"{path}.subnets", hint=hint)
    parties = [one for one in (*known.groups, "database", "cache", "streams") if one not in environment.left_out]
    for group, id in network.groups.items():
        if known.group is None or group not in parties:
            yield Problem(f"nothing uses a group {group} on {title}.", path=f"{path}.groups.{group}", hint="Remove it.")
        else:
            yield from _of_form(environment, known.group.form, id, f"{path}.groups.{group}", "security group")
    if known.group and (missing := [one for one in parties if one not in network.groups]):
        message = f"no security group of {', '.join(missing)}."
        yield Problem(message, path=f"{path}.groups", hint="Name one for each party; the owner's rules are in it.")
    if known.node_range != bool(network.node_range):
        message = f"{title} {'needs' if known.node_range else 'does not use'} the range of the nodes' subnet."
        yield Problem(message, path=f"{path}.node_range", hint="Set it." if known.node_range else "Remove it.")


def private_zones_are_of_services(environment: Environment) -> Iterator[Problem]:
    """A private path uses the zone of its service's name; a network is linked to one zone of a name."""
    network, known, title = environment.existing.network, _facts(environment), TITLES[environment.cloud]
    region = regions.region_name(environment.cloud, environment.region) or environment.region
    names = [name.format(region=region) for name in known.private_zones]
    seen: set[str] = set()
    for position, id in enumerate(network.private_zones if network else ()):
        path, name = f"existing.network.private_zones.{position}", id.rpartition("/")[2]
        if known.private_zone is None:
            message = f"{title} does not use private DNS zones of an existing network."
            yield Problem(message, path=path, hint="Remove it.")
            continue
        yield from _of_form(environment, known.private_zone.form, id, path, "private DNS zone")
        if name not in names:
            yield Problem(f"nothing has a name in {name}.", path=path, hint=f"Zones in use are {', '.join(names)}.")
        elif name in seen:
            yield Problem(f"{name} is named twice.", path=path, hint="A network is linked to one zone of a name.")
        seen.add(name)


def network_stands_alone(environment: Environment) -> Iterator[Problem]:
    """What would change an existing network, or need a second one."""
    if environment.existing.network is None:
        return
    if environment.network.hybrid:
        message = "a link changes the routes of the network, which is an existing one."
        yield Problem(message, path="network.hybrid", hint="Remove it; the network's owner links it.")
    if environment.recovery_region and not _facts(environment).recovery:
        message = "the recovery region needs subnets or private paths that an existing network does not have."
        yield Problem(message, path="existing.network", hint="Remove it, or the recovery region.")


def cluster_can_be_used(environment: Environment) -> Iterator[Problem]:
    """Pods get rights of the environment's account, and reach the database and the cache from nodes of its network."""
    cluster, path, title = environment.existing.cluster, "existing.cluster", TITLES[environment.cloud]
    known = _facts(environment)
    if cluster is None:
        return
    yield from _of_form(environment, known.cluster.form, cluster.id, f"{path}.id", "cluster")
    if known.certificate_authority and not cluster.certificate_authority:
        message = f"no certificate authority, which {known.certificate_authority}."
        yield Problem(message, path=path, hint=f"Set certificate_authority; {known.find_authority}.")
    if bool(known.find_issuer) != bool(cluster.issuer):
        message = f"{title} {'needs' if known.find_issuer else 'does not use'} the issuer of pods' tokens."
        hint = f"Set it; {known.find_issuer}." if known.find_issuer else "Remove it."
        yield Problem(message, path=f"{path}.issuer" if cluster.issuer else path, hint=hint)
    nodes = known.nodes
    if (nodes is None) != (cluster.nodes is None):
        message = f"{title} {'needs' if nodes else 'does not use'} the identity of the nodes."
        hint = f"Set it: the {nodes.example}." if nodes else "Remove it; the role of the nodes may pull images."
        yield Problem(message, path=f"{path}.nodes" if cluster.nodes else path, hint=hint)
    elif nodes and cluster.nodes and not re.fullmatch(nodes.pattern, cluster.nodes):
        message = f"{cluster.nodes!r} is not an identity on {title}."
        yield Problem(message, path=f"{path}.nodes", hint=f"It is the {nodes.example}.")
    if environment.existing.network is None:
        message = "an existing cluster is in a network that exists too."
        yield Problem(message, path=path, hint="Name it as existing.network.")
    if environment.cost.sleep:
        message = "the schedule would stop nodes of an existing cluster."
        yield Problem(message, path="cost.sleep", hint="Remove it; the cluster's owner stops its nodes.")
    if getattr(getattr(environment, environment.cloud), "node_types", None):
        message = "nothing uses node types: the cluster with its nodes is an existing one."
        yield Problem(message, path=f"{environment.cloud}.node_types", hint="Remove them.")


def registry_id_is_of_cloud(environment: Environment) -> Iterator[Problem]:
    if registry := environment.existing.registry:
        form = _facts(environment).registry.form
        yield from _of_form(environment, form, registry, "existing.registry", "registry")


def monitoring_can_be_used(environment: Environment) -> Iterator[Problem]:
    monitoring, path, title = environment.existing.monitoring, "existing.monitoring", TITLES[environment.cloud]
    known = _facts(environment)
    if monitoring is None:
        return
    if known.monitoring is None:
        message = f"{title} has no store of logs that can be an existing one: {known.no_monitoring}."
        yield Problem(message, path=path, hint="Remove it; the foundation makes the log groups.")
        return
    yield from _of_form(environment, known.monitoring.form, monitoring.id, f"{path}.id", "log store")
    if bool(known.find_workspace) != bool(monitoring.workspace):
        message = f"{title} {'needs' if known.find_workspace else 'does not use'} the workspace's own id."
        hint = f"Set it; {known.find_workspace}." if known.find_workspace else "Remove it."
        yield Problem(message, path=f"{path}.workspace" if monitoring.workspace else path, hint=hint)


def dns_zone_is_of_domain(environment: Environment) -> Iterator[Problem]:
    """The apex and the first level of the domain are the zone's, and certificates prove the domain by it."""
    zone, path, entry = environment.existing.dns_zone, "existing.dns_zone", environment.network.entry
    if zone is None:
        return
    if entry is None:
        yield Problem("it is the zone of the entry, and entry is off.", path=path, hint="Remove it, or add the entry.")
        return
    yield from _of_form(environment, _facts(environment).dns_zone.form, zone, path, "public zone")
    if _facts(environment).zone_named_as_domain and zone.rpartition("/")[2] != entry.domain:
        message = f"it is the zone of {zone.rpartition('/')[2]}, and the domain is {entry.domain}."
        yield Problem(message, path=path, hint="Name the zone of network.entry.domain.")


def _facts(environment: Environment) -> ExistingFacts:
    return facts(environment.cloud).existing


def _of_form(environment: Environment, form: Form, id: str, path: str, what: str) -> Iterator[Problem]:
    title = TITLES[environment.cloud]
    match = re.fullmatch(form.pattern, id)
    if match is None:
        yield Problem(f"{id!r} is not the id of a {what} on {title}.", path=path, hint=f"It is like {form.example}.")
        return
    region = regions.region_name(environment.cloud, environment.region)
    if region and match.groupdict().get("region") not in (None, region):
        message = f"the {what} is in {match['region']}, and the environment in {region}."
        yield Problem(message, path=path, hint=f"Name a {what} in {region}.")
    settings = getattr(environment, environment.cloud)
    if settings and match.groupdict().get("account") not in (None, settings.account):
        message = f"the {what} is of {match['account']}, and the environment of {settings.account}."
        yield Problem(message, path=path, hint=f"Name a {what} of the same account.")
