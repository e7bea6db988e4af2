"""The foundation: everything below the cluster's pods, composed of capabilities, on any cloud."""

from cdktn import TerraformOutput
from constructs import Construct

from terrace import engine
from terrace.capabilities.extension import Handles
from terrace.capabilities.identity import ModuleAccess
from terrace.capabilities.outputs import VERSION, Outputs
from terrace.capabilities.target import Target
from terrace.environment import data_access
from terrace.environment.schema import Environment
from terrace.modules.enabled import EnabledModule
from terrace.stacks import extensions


class Foundation(engine.Stack):
    """The foundation stack of one environment; its id is the environment's name. `handles` is for derived classes."""

    handles: Handles

    def __init__(self, scope: Construct, environment: Environment, target: Target) -> None:
        super().__init__(scope, environment.name, environment, target, layer="foundation")
        platform = engine.platform(environment.cloud)
        modules = {name: _access(module, environment) for name, module in environment.foundation_modules.items()}
        cached = [name for name, module in modules.items() if module.cache]
        audit_days = environment.audit.retention_days

        keys = platform.Keys(self, "keys", environment.keys, target, streams=environment.streams is not None).handle
        governance = platform.Governance(self, "governance", target, keys=keys).handle
        observability = platform.Observability(
            self, "observability", environment.observability, target, keys=keys, audit_days=audit_days
        ).handle
        lake = platform.Lake(
            self, "lake", environment.lake, target, audit_days=audit_days, keys=keys, governance=governance
        ).handle
        audit = platform.Audit(
            self,
            "audit",
            environment.audit,
            target,
            keys=keys,
            lake=lake,
            observability=observability,
            governance=governance,
        ).handle
        network = platform.Network(
            self,
            "network",
            environment.network,
            target,
            api_ranges=environment.api_ranges,
            without=environment.parties_left_out,
            governance=governance,
            observability=observability,
        ).handle
        entry_spec = environment.network.entry
        entry = (
            platform.Entry(
                self, "entry", entry_spec, target, network=network, lake=lake, observability=observability
            ).handle
            if entry_spec
            else None
        )
        if environment.network.hybrid:
            platform.Hybrid(self, "hybrid", environment.network.hybrid, target, network=network)
        cluster = (
            platform.Cluster(
                self,
                "cluster",
                environment.cluster,
                target,
                keys=keys,
                network=network,
                observability=observability,
                governance=governance,
            ).handle
            if environment.cluster
            else None
        )
        registry = (
            platform.Registry(self, "registry", environment.registry, target, modules=list(modules), keys=keys).handle
            if cluster
            else None
        )
        database = (
            platform.Database(
                self,
                "database",
                environment.database,
                target,
                keys=keys,
                network=network,
                observability=observability,
                governance=governance,
            ).handle
            if environment.database
            else None
        )
        cache = (
            platform.Cache(
                self,
                "cache",
                environment.cache,
                target,
                modules=cached,
                keys=keys,
                network=network,
                observability=observability,
            ).handle
            if environment.cache
            else None
        )
        streams = (
            platform.Streams(
                self,
                "streams",
                environment.streams,
                target,
                topics=environment.all_topics,
                keys=keys,
                network=network,
                observability=observability,
            ).handle
            if environment.streams
            else None
        )
        secrets = platform.Secrets(
            self, "secrets", environment.secrets, target, modules=modules, keys=keys, database=database
        ).handle
        workloads = (
            platform.WorkloadIdentities(
                self,
                "workloads",
                modules,
                target,
                accounts=environment.component_accounts,
                keys=keys,
                cluster=cluster,
                lake=lake,
                database=database,
                cache=cache,
                streams=streams,
                secrets=secrets,
                entry=entry,
                governance=governance,
            ).handle
            if cluster
            else None
        )
        if groups := data_access.files(environment):
            platform.People(self, "people", groups, target, keys=keys, lake=lake, governance=governance)
        backup = platform.Backup(
            self,
            "backup",
            environment.backup,
            target,
            accounts=environment.component_accounts,
            keys=keys,
            cluster=cluster,
            database=database,
            lake=lake,
            observability=observability,
            governance=governance,
        ).handle
        platform.Cost(
            self,
            "cost",
            environment.cost,
            target,
            pools=environment.pools,
            keys=keys,
            cluster=cluster,
            database=database,
            observability=observability,
            governance=governance,
        )
        platform.Alarms(
            self,
            "alarms",
            environment.observability,
            target,
            database_spec=environment.database,
            cache_spec=environment.cache,
            network=network,
            entry=entry,
            cluster=cluster,
            database=database,
            cache=cache,
            observability=observability,
            audit=audit,
        )
        self.handles = Handles(
            cloud=environment.cloud,
            keys=keys,
            governance=governance,
            observability=observability,
            lake=lake,
            audit=audit,
            network=network,
            entry=entry,
            cluster=cluster,
            registry=registry,
            database=database,
            cache=cache,
            streams=streams,
            secrets=secrets,
            workloads=workloads,
            backup=backup,
        )
        extensions.add(self, environment, self.handles, target)
        self.ignore_tags(environment)
        self.order_removals(environment.cloud)
        self._outputs(
            version=VERSION,
            environment=environment.name,
            cloud=environment.cloud,
            region=target.region,
            cluster={
                "name": cluster.name,
                "endpoint": cluster.endpoint,
                "certificate_authority": cluster.certificate_authority,
            }
            if cluster
            else None,
            database={
                "host": database.host,
                "port": database.port,
                "name": database.name,
                "admin_secret": database.admin_secret,
                "admin": database.admin,
                "schemas": list(environment.database.schemas),
                "roles": dict(workloads.roles) if workloads else {},
            }
            if database and environment.database
            else None,
            cache={"host": cache.host, "port": cache.port, "users": dict(cache.users)} if cache else None,
            streams={"bootstrap": streams.bootstrap, "port": streams.port, "login": streams.login} if streams else None,
            buckets=dict(lake.names),
            lake=dict(lake.uris),
            secrets=dict(secrets.modules),
            identities=dict(workloads.modules) if workloads else {},
            platform_identities={**workloads.platform, "velero": backup.velero} if workloads else {},
            registry=registry.address if registry else None,
            repositories=dict(registry.repositories) if registry else {},
            domain=entry.domain if entry else None,
            dns_zone=entry.dns_zone if entry else None,
            entry=entry.target if entry else None,
        )

    def _outputs(self, **values: object) -> None:
        assert values.keys() == Outputs.model_fields.keys()
        outputs = Construct(self, "outputs")
        for name, value in values.items():
            if value is None:
                continue  # left out
            TerraformOutput(outputs, name, value=value, static_id=True)


def _access(module: EnabledModule, environment: Environment) -> ModuleAccess:
    needs = module.needs
    return ModuleAccess(
        module.namespace,
        environment.lake_access(module),
        database=needs.database is not None,
        cache=needs.cache,
        topics=environment.topic_access(module) if environment.streams else {},
        secrets=module.given_secrets,
    )
