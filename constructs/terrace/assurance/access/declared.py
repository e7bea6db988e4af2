"""What an environment declares, in the same words on every cloud: who reaches what, and who may do what.

Only the environment and the modules' contracts are read here, never the stack. What one cloud needs besides is in its
`access/<cloud>/declared.py`, each row with its reason.
"""

from collections.abc import Iterator
from ipaddress import ip_network

from terrace.assurance.access.model import Grant, Path
from terrace.capabilities.identity import BOOTSTRAP
from terrace.environment import data_access
from terrace.environment.schema import Environment
from terrace.modules.enabled import EnabledModule


def paths(environment: Environment) -> Iterator[Path]:
    """The paths that the environment asks for on every cloud; those between parties are the cloud's own `flows.py`."""
    network = environment.network
    if network.entry:
        yield Path("internet", "entry", "tcp", (443, 443))
        yield Path("internet", "entry", "tcp", (80, 80))  # redirected to HTTPS (NET-6)
    for name, destination in network.egress.destinations.items():
        anywhere = ip_network(destination.cidr).prefixlen == 0
        port = (destination.port, destination.port)
        yield Path("nodes", "internet" if anywhere else f"destination {name}", "tcp", port)
    for name in environment.api_ranges:
        yield Path(f"range {name}", "control", "tcp", (443, 443))
    for extension in environment.extensions.values():
        for one in extension.paths:
            yield Path(one.source, one.destination, one.protocol, (one.port, one.port))


def grants(environment: Environment) -> Iterator[Grant]:
    """The rights that the environment asks for on every cloud."""
    for module in environment.foundation_modules.values():
        yield from _of_module(module, environment)
    for group, lake in data_access.files(environment).items():
        for layer, folders in lake.items():
            for folder in folders:
                yield Grant(f"group {group}", "read-data", f"lake/{layer}/{folder}")
    for component in ("external-dns", "cert-manager") if environment.network.entry else ():
        yield Grant(f"component {component}", "change-network", "dns/entry")
    if environment.cluster:
        yield Grant("component velero", "read-data", "lake/backups")
        yield Grant("component velero", "write-data", "lake/backups")
        yield Grant("component velero", "operate", "volumes")
    if environment.database and (environment.cluster or environment.cloud != "aws"):
        yield Grant(f"component {BOOTSTRAP}", "connect", "database/admin")
    existing = environment.existing.cluster
    if environment.makes_cluster or (existing and existing.nodes):
        yield Grant("nodes", "read-data", "registry/*")
    if environment.makes_cluster:  # the owner of an existing one gives access to it
        yield Grant("people admin", "administer", "kubernetes")
    if environment.makes_cluster or environment.cloud != "aws":  # elsewhere the pipelines' are on the group or project
        yield Grant("pipeline apply", "administer", "kubernetes")
        yield Grant("pipeline plan", "view", "kubernetes")
    yield Grant("pipeline plan", "view", "account")
    yield Grant("pipeline plan", "read-data", "state")
    yield Grant("pipeline apply", "read-data", "state")
    yield Grant("pipeline apply", "write-data", "state")
    for extension in environment.extensions.values():
        for one in extension.grants:
            yield Grant(one.principal, one.verb, one.object)


def _of_module(module: EnabledModule, environment: Environment) -> Iterator[Grant]:
    """What data products and a module's contract declare (LAKE-7, SEC-3, STREAM-3), and the pods that act as its
    identity."""
    principal = f"module {module.name}"
    for bucket, folders in environment.lake_access(module).items():
        for folder, right in folders.items():
            if right != "add":
                yield Grant(principal, "read-data", f"lake/{bucket}/{folder}")
            if right != "read":
                yield Grant(principal, "write-data", f"lake/{bucket}/{folder}")
    for secret in secrets_of(module):
        yield Grant(principal, "read-secret", f"secrets/{secret}")
    if module.needs.database:
        yield Grant(principal, "connect", f"database/{module.name}")
    if module.needs.cache:
        yield Grant(principal, "connect", f"cache/{module.name}")
    for topic, access in environment.topic_access(module).items() if environment.streams else ():
        yield Grant(principal, "write-data" if access == "write" else "read-data", f"streams/{topic}")
    yield Grant(f"pods {module.namespace}/{module.name}", "assume", f"identities/{principal}")


def secrets_of(module: EnabledModule) -> tuple[str, ...]:
    """The objects `secrets/...` of a module: its own, and one for each value that an operator gives."""
    return (module.name, *(f"{module.name}-{purpose}" for purpose in module.given_secrets))
