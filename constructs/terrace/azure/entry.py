"""The public entry: application gateway, certificate, web application firewall, public DNS zone (NET-6)."""

from ipaddress import IPv4Network

from cdktn import TerraformResource
from cdktn_provider_azurerm.application_gateway import (
    ApplicationGateway,
    ApplicationGatewayAutoscaleConfiguration,
    ApplicationGatewayBackendAddressPool,
    ApplicationGatewayBackendHttpSettings,
    ApplicationGatewayBackendHttpSettingsConnectionDraining,
    ApplicationGatewayFrontendIpConfiguration,
    ApplicationGatewayFrontendPort,
    ApplicationGatewayGatewayIpConfiguration,
    ApplicationGatewayHttpListener,
    ApplicationGatewayIdentity,
    ApplicationGatewayProbe,
    ApplicationGatewayRedirectConfiguration,
    ApplicationGatewayRequestRoutingRule,
    ApplicationGatewaySku,
    ApplicationGatewaySslCertificate,
    ApplicationGatewaySslPolicy,
)
from cdktn_provider_azurerm.dns_a_record import DnsARecord
from cdktn_provider_azurerm.dns_zone import DnsZone
from cdktn_provider_azurerm.key_vault_certificate import (
    KeyVaultCertificate,
    KeyVaultCertificateCertificatePolicy,
    KeyVaultCertificateCertificatePolicyIssuerParameters,
    KeyVaultCertificateCertificatePolicyKeyProperties,
    KeyVaultCertificateCertificatePolicyLifetimeAction,
    KeyVaultCertificateCertificatePolicyLifetimeActionAction,
    KeyVaultCertificateCertificatePolicyLifetimeActionTrigger,
    KeyVaultCertificateCertificatePolicySecretProperties,
    KeyVaultCertificateCertificatePolicyX509CertificateProperties,
    KeyVaultCertificateCertificatePolicyX509CertificatePropertiesSubjectAlternativeNames,
)
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from cdktn_provider_azurerm.public_ip import PublicIp
from cdktn_provider_azurerm.web_application_firewall_policy import (
    WebApplicationFirewallPolicy,
    WebApplicationFirewallPolicyCustomRules,
    WebApplicationFirewallPolicyCustomRulesMatchConditions,
    WebApplicationFirewallPolicyCustomRulesMatchConditionsMatchVariables,
    WebApplicationFirewallPolicyManagedRules,
    WebApplicationFirewallPolicyManagedRulesManagedRuleSet,
    WebApplicationFirewallPolicyPolicySettings,
)
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.capabilities.entry import EntryHandle, EntrySpec
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import ENTRY_PORTS

MANAGED_RULES = {"Microsoft_DefaultRuleSet": "2.1", "Microsoft_BotManagerRuleSet": "1.1"}
"""Rule set to its version. Source: "Web Application Firewall DRS and CRS rule groups and rules"."""
_TLS_POLICY = "AppGwSslPolicy20220101S"
"""TLS 1.2 and 1.3, only with forward secrecy. Source: "Application Gateway TLS policy overview"."""
INGRESS_PORT = ENTRY_PORTS["https"]


class Entry(Construct):
    """An application gateway with a web application firewall and a certificate for the domain and its subdomains.

    Key Vault issues and renews the certificate, and the gateway fetches it; `azure.certificate_issuer` names the
    authority. Ingress pods are behind an internal load balancer at the handle's `target`.
    Source: "TLS termination with Key Vault certificates".
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
        self._group = providers.home(self, target)
        zone_id, zone_name, zone_group = self._zone(spec, target)
        address = PublicIp(
            self,
            "address",
            name=f"{target.prefix}-entry",
            location=self._group.location,
            resource_group_name=self._group.name,
            allocation_method="Static",
            sku="Standard",
            zones=list(target.zones),
            tags=dict(target.tags),
        )
        for name, record in {"apex": "@", "first-level": "*"}.items():
            DnsARecord(
                self,
                f"{name}-record",
                name=record,
                zone_name=zone_name,
                resource_group_name=zone_group,
                ttl=300,
                target_resource_id=address.id,
                tags=dict(target.tags),
            )
        user = iam.identity(self, "user", target, purpose="entry")
        certificate = self._certificate(spec, target, network, observability)
        read = iam.grant(
            self,
            "user-certificate",
            user.principal_id,
            "Key Vault Secrets User",
            on=names.secret_id(target, "entry"),
            after=[certificate],
        )
        ingress = _ingress_address(network)
        gateway = self._gateway(
            target,
            network,
            address=address.id,
            identity=user.id,
            certificate=certificate.versionless_secret_id,
            firewall=self._firewall(spec, target),
            ingress=ingress,
            domain=spec.domain,
            after=read,
        )
        MonitorDiagnosticSetting(
            self,
            "logs",
            name="logs",
            target_resource_id=gateway.id,
            log_analytics_workspace_id=observability.log_ids["waf"],
            log_analytics_destination_type="Dedicated",
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category_group="allLogs")],
            depends_on=list(observability.ready),
        )
        self.handle = EntryHandle(
            load_balancer=names.id(target, "Microsoft.Network/applicationGateways", target.prefix),
            target=ingress,
            dns_zone=zone_id,
            domain=spec.domain,
        )

    def _zone(self, spec: EntrySpec, target: Target) -> tuple[str, str, str]:
        """The id, the name and the resource group of the public zone: an existing one, or one of its own."""
        if existing := target.existing.dns_zone:
            return existing, spec.domain, existing.split("/")[4]
        zone = DnsZone(self, "zone", name=spec.domain, resource_group_name=self._group.name, tags=dict(target.tags))
        return zone.id, zone.name, self._group.name

    def _certificate(
        self, spec: EntrySpec, target: Target, network: NetworkHandle, observability: ObservabilityHandle
    ) -> KeyVaultCertificate:
        renew = KeyVaultCertificateCertificatePolicyLifetimeAction(
            action=KeyVaultCertificateCertificatePolicyLifetimeActionAction(action_type="AutoRenew"),
            trigger=KeyVaultCertificateCertificatePolicyLifetimeActionTrigger(days_before_expiry=30),
        )
        return KeyVaultCertificate(
            self,
            "certificate",
            name="entry",
            key_vault_id=names.vault_id(target),
            certificate_policy=KeyVaultCertificateCertificatePolicy(
                issuer_parameters=KeyVaultCertificateCertificatePolicyIssuerParameters(
                    name=names.settings(target).certificate_issuer
                ),
                key_properties=KeyVaultCertificateCertificatePolicyKeyProperties(
                    exportable=True, key_type="RSA", key_size=2048, reuse_key=False
                ),
                secret_properties=KeyVaultCertificateCertificatePolicySecretProperties(
                    content_type="application/x-pkcs12"
                ),
                lifetime_action=[renew],
                x509_certificate_properties=KeyVaultCertificateCertificatePolicyX509CertificateProperties(
                    subject=f"CN={spec.domain}",
                    validity_in_months=12,
                    key_usage=["digitalSignature", "keyEncipherment"],
                    extended_key_usage=["1.3.6.1.5.5.7.3.1"],  # a server's
                    subject_alternative_names=KeyVaultCertificateCertificatePolicyX509CertificatePropertiesSubjectAlternativeNames(
                        dns_names=[spec.domain, f"*.{spec.domain}"]
                    ),
                ),
            ),
            tags=dict(target.tags),
            # the vault is reachable and used already
            depends_on=[*network.public_ready, *observability.ready],
        )

    def _gateway(
        self,
        target: Target,
        network: NetworkHandle,
        *,
        address: str,
        identity: str,
        certificate: str,
        firewall: str,
        ingress: str,
        domain: str,
        after: TerraformResource,
    ) -> ApplicationGateway:
        dev = target.tier == "dev"
        return ApplicationGateway(
            self,
            "load-balancer",
            name=target.prefix,
            location=self._group.location,
            resource_group_name=self._group.name,
            zones=list(target.zones),
            firewall_policy_id=firewall,  # NET-6
            force_firewall_policy_association=True,
            http2_enabled=True,
            sku=ApplicationGatewaySku(name="WAF_v2", tier="WAF_v2"),
            autoscale_configuration=ApplicationGatewayAutoscaleConfiguration(
                min_capacity=0 if dev else 2, max_capacity=2 if dev else 10
            ),
            identity=ApplicationGatewayIdentity(type="UserAssigned", identity_ids=[identity]),
            ssl_policy=ApplicationGatewaySslPolicy(policy_type="Predefined", policy_name=_TLS_POLICY),  # NET-6
            gateway_ip_configuration=[
                ApplicationGatewayGatewayIpConfiguration(name="entry", subnet_id=network.public_subnet_ids[0])
            ],
            frontend_ip_configuration=[
                ApplicationGatewayFrontendIpConfiguration(name="public", public_ip_address_id=address)
            ],
            frontend_port=[
                ApplicationGatewayFrontendPort(name="https", port=443),
                ApplicationGatewayFrontendPort(name="http", port=80),
            ],
            ssl_certificate=[ApplicationGatewaySslCertificate(name="entry", key_vault_secret_id=certificate)],
            backend_address_pool=[ApplicationGatewayBackendAddressPool(name="ingress", ip_addresses=[ingress])],
            backend_http_settings=[
                ApplicationGatewayBackendHttpSettings(
                    name="ingress",
                    protocol="Https",
                    port=INGRESS_PORT,
                    cookie_based_affinity="Disabled",
                    request_timeout=60,
                    probe_name="ingress",
                    connection_draining=ApplicationGatewayBackendHttpSettingsConnectionDraining(
                        enabled=True, drain_timeout_sec=60
                    ),
                )
            ],
            probe=[
                ApplicationGatewayProbe(
                    name="ingress",
                    protocol="Https",
                    host=domain,
                    path="/healthz",
                    interval=15,
                    timeout=10,
                    unhealthy_threshold=3,
                )
            ],
            http_listener=[
                ApplicationGatewayHttpListener(
                    name="https",
                    frontend_ip_configuration_name="public",
                    frontend_port_name="https",
                    protocol="Https",
                    ssl_certificate_name="entry",
                ),
                ApplicationGatewayHttpListener(
                    name="http", frontend_ip_configuration_name="public", frontend_port_name="http", protocol="Http"
                ),
            ],
            redirect_configuration=[
                ApplicationGatewayRedirectConfiguration(
                    name="to-https",
                    redirect_type="Permanent",
                    target_listener_name="https",
                    include_path=True,
                    include_query_string=True,
                )
            ],
            request_routing_rule=[
                ApplicationGatewayRequestRoutingRule(
                    name="https",
                    rule_type="Basic",
                    priority=10,
                    http_listener_name="https",
                    backend_address_pool_name="ingress",
                    backend_http_settings_name="ingress",
                ),
                ApplicationGatewayRequestRoutingRule(
                    name="http",
                    rule_type="Basic",
                    priority=20,
                    http_listener_name="http",
                    redirect_configuration_name="to-https",  # NET-6
                ),
            ],
            tags=dict(target.tags),
            depends_on=[after, *network.public_ready],
        )

    def _firewall(self, spec: EntrySpec, target: Target) -> str:
        """Microsoft's managed rules, which block or only log; then a rate limit by client address."""
        return WebApplicationFirewallPolicy(
            self,
            "firewall",
            name=target.prefix,
            location=self._group.location,
            resource_group_name=self._group.name,
            policy_settings=WebApplicationFirewallPolicyPolicySettings(
                enabled=True,
                mode="Prevention" if spec.firewall == "block" else "Detection",  # NET-6
                request_body_check=True,
                request_body_enforcement=True,
                max_request_body_size_in_kb=128,
                file_upload_enforcement=True,
                file_upload_limit_in_mb=100,
            ),
            managed_rules=WebApplicationFirewallPolicyManagedRules(
                managed_rule_set=[
                    WebApplicationFirewallPolicyManagedRulesManagedRuleSet(type=type, version=version)
                    for type, version in MANAGED_RULES.items()
                ]
            ),
            custom_rules=[
                WebApplicationFirewallPolicyCustomRules(
                    name="rate",
                    priority=10,
                    rule_type="RateLimitRule",
                    action="Block",
                    rate_limit_duration="FiveMins",
                    rate_limit_threshold=spec.requests_per_five_minutes,
                    group_rate_limit_by="ClientAddr",
                    match_conditions=[
                        WebApplicationFirewallPolicyCustomRulesMatchConditions(
                            match_variables=[
                                WebApplicationFirewallPolicyCustomRulesMatchConditionsMatchVariables(
                                    variable_name="RemoteAddr"
                                )
                            ],
                            # every client: a rate rule requires a condition
                            operator="IPMatch",
                            match_values=["0.0.0.0/0"],
                        )
                    ],
                )
            ],
            tags=dict(target.tags),
        ).id


def _ingress_address(network: NetworkHandle) -> str:
    """The address of the ingress's internal load balancer: the last usable one of the nodes' subnet."""
    return str(IPv4Network(network.ranges["nodes"])[-2])
