"""The public entry: load balancer, certificate, web application firewall, public DNS zone (NET-6)."""

from cdktn import TerraformResourceLifecycle
from cdktn_provider_aws.acm_certificate import AcmCertificate, AcmCertificateOptions
from cdktn_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktn_provider_aws.lb import Lb, LbAccessLogs
from cdktn_provider_aws.lb_listener import (
    LbListener,
    LbListenerDefaultAction,
    LbListenerDefaultActionRedirect,
)
from cdktn_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
from cdktn_provider_aws.route53_record import Route53Record, Route53RecordAlias
from cdktn_provider_aws.route53_zone import Route53Zone
from cdktn_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleActionBlock,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleOverrideActionCount,
    Wafv2WebAclRuleOverrideActionNone,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from cdktn_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from cdktn_provider_aws.wafv2_web_acl_logging_configuration import (
    Wafv2WebAclLoggingConfiguration,
    Wafv2WebAclLoggingConfigurationRedactedFields,
    Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader,
)
from constructs import Construct

from terrace.capabilities.entry import EntryHandle, EntrySpec
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import ENTRY_PORTS

MANAGED_RULES = (
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
)
"""In order of evaluation; 1102 of a web ACL's 5000 units. Source: AWS WAF Developer Guide, "Baseline rule groups"."""

INGRESS_PORT, _HEALTH_PORT = ENTRY_PORTS["https"], ENTRY_PORTS["health"]
"""Ports of the ingress pods; firewall rules open both to the load balancer."""


class Entry(Construct):
    """An application load balancer with a web application firewall and a certificate for the domain and its subdomains.

    AWS issues the certificate once the domain's parent zone delegates to this zone; the first apply waits for it.
    Source: AWS Certificate Manager User Guide, "DNS validation".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: EntrySpec,
        target: Target,
        *,
        network: NetworkHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
    ) -> None:
        super().__init__(scope, id)
        zone_id = (
            target.existing.dns_zone
            or Route53Zone(self, "zone", name=spec.domain, comment=f"Public names of {target.prefix}").zone_id
        )
        certificate_arn = self._certificate(spec, target, zone_id)
        balancer = Lb(
            self,
            "load-balancer",
            name=target.prefix,
            internal=False,
            load_balancer_type="application",
            subnets=list(network.public_subnet_ids),
            security_groups=[network.groups["entry"]],
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            enable_deletion_protection=target.protected,
            enable_http2=True,
            preserve_host_header=True,
            access_logs=LbAccessLogs(bucket=lake.names["access"], prefix="entry", enabled=True),
            tags={"Name": target.prefix},
            depends_on=[*lake.ready, *network.public_ready],
        )
        balancer_arn = balancer.arn
        pods = LbTargetGroup(
            self,
            "ingress",
            name=target.prefix,
            port=INGRESS_PORT,
            protocol="HTTPS",
            target_type="ip",
            vpc_id=network.id,
            deregistration_delay="60",
            health_check=LbTargetGroupHealthCheck(
                path="/healthz", port=str(_HEALTH_PORT), protocol="HTTP", matcher="200"
            ),
            tags={"Name": target.prefix},
        )
        LbListener(
            self,
            "https",
            load_balancer_arn=balancer_arn,
            port=443,
            protocol="HTTPS",
            ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",  # NET-6
            certificate_arn=certificate_arn,
            default_action=[LbListenerDefaultAction(type="forward", target_group_arn=pods.arn)],
            tags={"Name": f"{target.prefix}-https"},
        )
        to_https = LbListenerDefaultActionRedirect(port="443", protocol="HTTPS", status_code="HTTP_301")
        LbListener(
            self,
            "http",
            load_balancer_arn=balancer_arn,
            port=80,
            protocol="HTTP",
            default_action=[LbListenerDefaultAction(type="redirect", redirect=to_https)],  # NET-6
            tags={"Name": f"{target.prefix}-http"},
        )
        alias = Route53RecordAlias(name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=True)
        for id, name in {"apex": spec.domain, "first-level": f"*.{spec.domain}"}.items():
            Route53Record(self, f"{id}-record", zone_id=zone_id, name=name, type="A", alias=alias)
        self._firewall(spec, target, balancer_arn, observability)
        self.handle = EntryHandle(
            load_balancer=balancer.arn_suffix, target=pods.arn, dns_zone=zone_id, domain=spec.domain
        )

    def _certificate(self, spec: EntrySpec, target: Target, zone_id: str) -> str:
        """The ARN of the certificate, known once it is valid."""
        certificate = AcmCertificate(
            self,
            "certificate",
            domain_name=spec.domain,
            subject_alternative_names=[f"*.{spec.domain}"],
            validation_method="DNS",
            key_algorithm="EC_prime256v1",
            options=AcmCertificateOptions(certificate_transparency_logging_preference="ENABLED"),
            tags={"Name": target.prefix},
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        # A name and its wildcard share one validation record, so either option works
        option = certificate.domain_validation_options.get(0)
        record = Route53Record(
            self,
            "validation-record",
            zone_id=zone_id,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=60,
            allow_overwrite=True,
        )
        return AcmCertificateValidation(
            self, "validation", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn]
        ).certificate_arn

    def _firewall(self, spec: EntrySpec, target: Target, balancer_arn: str, observability: ObservabilityHandle) -> None:
        """AWS's managed rules, which block or only count; then a rate limit by client address."""
        override = (
            Wafv2WebAclRuleOverrideAction(none=Wafv2WebAclRuleOverrideActionNone())
            if spec.firewall == "block"
            else Wafv2WebAclRuleOverrideAction(count=Wafv2WebAclRuleOverrideActionCount())
        )  # NET-6
        managed = [
            Wafv2WebAclRule(
                name=name,
                priority=priority,
                override_action=override,
                statement={"managed_rule_group_statement": {"name": name, "vendor_name": "AWS"}},
                visibility_config=_measured(name),
            )
            for priority, name in enumerate(MANAGED_RULES, start=1)
        ]
        rate = Wafv2WebAclRule(
            name="rate",
            priority=10,
            action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
            # AWS counts over five minutes by default
            statement={"rate_based_statement": {"limit": spec.requests_per_five_minutes, "aggregate_key_type": "IP"}},
            visibility_config=_measured("rate"),
        )
        firewall = Wafv2WebAcl(
            self,
            "firewall",
            name=target.prefix,
            description=f"Public entry of {target.prefix}",
            scope="REGIONAL",
            default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
            rule=[*managed, rate],  # NET-6
            visibility_config=Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True, metric_name=target.prefix, sampled_requests_enabled=True
            ),
            tags={"Name": target.prefix},
        )
        firewall_arn = firewall.arn
        Wafv2WebAclAssociation(self, "firewall-association", resource_arn=balancer_arn, web_acl_arn=firewall_arn)
        secret = Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader(name="authorization")
        Wafv2WebAclLoggingConfiguration(
            self,
            "firewall-log",
            resource_arn=firewall_arn,
            log_destination_configs=[observability.log_ids["waf"]],
            redacted_fields=[Wafv2WebAclLoggingConfigurationRedactedFields(single_header=secret)],
            depends_on=list(observability.ready),
        )


def _measured(name: str) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
