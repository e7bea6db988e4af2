"""Route 53 Resolver: ending and tagging the logs of DNS queries."""

from typing import Any

import moto.route53resolver.models as models
from moto.route53resolver.responses import Route53ResolverResponse

from terrace.emulator.aws.patch import Call, Function, operation, wrap


def query_logs() -> None:
    """Stock moto cannot end or delete a log of DNS queries, and does not find it by its ARN, which tags need."""

    @operation(Route53ResolverResponse)
    def disassociate_resolver_query_log_config(call: Call) -> dict[str, Any]:
        config, vpc = call.parameters["ResolverQueryLogConfigId"], call.parameters["ResourceId"]
        of_vpc = call.backend.resolver_query_log_config_associations
        found = next(
            one for one in of_vpc.values() if (one.resolver_query_log_config_id, one.resource_id) == (config, vpc)
        )
        del of_vpc[found.id]
        call.backend.get_resolver_query_log_config(config).association_count -= 1
        return {"ResolverQueryLogConfigAssociation": {**found.description(), "Status": "DELETING"}}

    @operation(Route53ResolverResponse)
    def delete_resolver_query_log_config(call: Call) -> dict[str, Any]:
        found = call.backend.get_resolver_query_log_config(call.parameters["ResolverQueryLogConfigId"])
        del call.backend.resolver_query_log_configs[found.id]
        return {"ResolverQueryLogConfig": {**found.description(), "Status": "DELETING"}}

    @wrap(models.Route53ResolverBackend, "_matched_arn")
    def _matched_arn(original: Function, self: Any, resource_arn: str) -> None:
        if all(config.arn != resource_arn for config in self.resolver_query_log_configs.values()):
            original(self, resource_arn)


PATCHES = (query_logs,)
