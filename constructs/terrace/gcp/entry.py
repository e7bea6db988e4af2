"""The public entry: global load balancer, certificate, Cloud Armor, public zone (NET-6)."""

from cdktn_provider_google.certificate_manager_certificate import (
    CertificateManagerCertificate,
    CertificateManagerCertificateManaged,
)
from cdktn_provider_google.certificate_manager_certificate_map import CertificateManagerCertificateMap
from cdktn_provider_google.certificate_manager_certificate_map_entry import CertificateManagerCertificateMapEntry
from cdktn_provider_google.certificate_manager_dns_authorization import CertificateManagerDnsAuthorization
from cdktn_provider_google.compute_backend_service import (
    ComputeBackendService,
    ComputeBackendServiceBackend,
    ComputeBackendServiceLogConfig,
)
from cdktn_provider_google.compute_global_address import ComputeGlobalAddress
from cdktn_provider_google.compute_global_forwarding_rule import ComputeGlobalForwardingRule
from cdktn_provider_google.compute_health_check import (
    ComputeHealthCheck,
    ComputeHealthCheckHttpHealthCheck,
    ComputeHealthCheckLogConfig,
)
from cdktn_provider_google.compute_network_endpoint_group import ComputeNetworkEndpointGroup
from cdktn_provider_google.compute_security_policy import (
    ComputeSecurityPolicy,
    ComputeSecurityPolicyAdaptiveProtectionConfig,
    ComputeSecurityPolicyAdaptiveProtectionConfigLayer7DdosDefenseConfig,
    ComputeSecurityPolicyAdvancedOptionsConfig,
    ComputeSecurityPolicyRule,
    ComputeSecurityPolicyRuleMatch,
    ComputeSecurityPolicyRuleMatchConfig,
    ComputeSecurityPolicyRuleMatchExpr,
    ComputeSecurityPolicyRuleRateLimitOptions,
    ComputeSecurityPolicyRuleRateLimitOptionsRateLimitThreshold,
)
from cdktn_provider_google.compute_ssl_policy import ComputeSslPolicy
from cdktn_provider_google.compute_target_http_proxy import ComputeTargetHttpProxy
from cdktn_provider_google.compute_target_https_proxy import ComputeTargetHttpsProxy
from cdktn_provider_google.compute_url_map import ComputeUrlMap, ComputeUrlMapDefaultUrlRedirect
from cdktn_provider_google.dns_managed_zone import (
    DnsManagedZone,
    DnsManagedZoneCloudLoggingConfig,
    DnsManagedZoneDnssecConfig,
    DnsManagedZoneDnssecConfigDefaultKeySpecs,
)
from cdktn_provider_google.dns_record_set import DnsRecordSet
from constructs import Construct

from terrace.capabilities.entry import EntryHandle, EntrySpec
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import ENTRY_PORTS
from terrace.gcp import names
from terrace.gcp.providers import service

MANAGED_RULES = (
    "sqli-v33-stable",
    "xss-v33-stable",
    "lfi-v33-stable",
    "rfi-v33-stable",
    "rce-v33-stable",
    "methodenforcement-v33-stable",
    "scannerdetection-v33-stable",
    "protocolattack-v33-stable",
    "sessionfixation-v33-stable",
)
"""The OWASP core rule set 3.3, in order of evaluation. Source: Cloud Armor, "Preconfigured WAF rules"."""
_KNOWN_EXPLOITS = "evaluatePreconfiguredWaf('cve-canary')"
"""Log4j and similar; the rule set has no versions."""

INGRESS_PORT, _HEALTH_PORT = ENTRY_PORTS["https"], ENTRY_PORTS["health"]
"""Ports of the ingress pods; firewall rules open both to the load balancer."""
_GROUP = "Ingress pods, registered by GKE"
"""GKE's controller refuses a group that it did not make if the description is empty, or names another Service in JSON.
Source: ingress-gce, pkg/neg/syncers/utils.go, ensureNetworkEndpointGroup, and pkg/utils/negdescription.go."""
_EVERYBODY = "*"
_MANAGED, _LIMITED, _LAST = 1000, 2000, 2147483647
"""Priorities: managed rules, the limit of requests, the rest. A smaller number goes first, and the first match ends."""


class Entry(Construct):
    """A load balancer with Cloud Armor in front of the ingress pods, and a certificate for the domain and its
    subdomains; plain HTTP is redirected.

    `handle.target` is the network endpoint group that GKE fills with ingress pods, with the same name in each zone.
    Google issues the certificate once the domain's parent zone delegates to this zone. Source: Cloud Load Balancing
    documentation, "Global external Application Load Balancer".
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
        compute = service(self, "compute")
        address = ComputeGlobalAddress(
            self,
            "address",
            name=f"{target.prefix}-entry",
            address_type="EXTERNAL",
            ip_version="IPV4",
            depends_on=[compute],
        )
        zone = None if target.existing.dns_zone else self._zone(spec, target)
        zone_name = zone.name if zone else names.dns_zone(target)
        self._names(spec, zone_name, address)
        certificates = self._certificate(spec, target, zone_name)
        firewall = self._firewall(spec, target)
        pods = self._pods(target, network, firewall)
        urls = ComputeUrlMap(self, "urls", name=f"{target.prefix}-entry", default_service=pods.id)
        tls = ComputeSslPolicy(
            self,
            "tls",
            name=target.prefix,
            profile="MODERN" if target.tier == "dev" else "RESTRICTED",
            min_tls_version="TLS_1_2",  # NET-6
            depends_on=[compute],
        )
        https = ComputeTargetHttpsProxy(
            self,
            "https",
            name=f"{target.prefix}-entry",
            url_map=urls.id,
            certificate_map=f"//certificatemanager.googleapis.com/{certificates.id}",
            ssl_policy=tls.id,  # NET-6
        )
        self._listen("https", target, https.id, address, "443")
        redirect = ComputeUrlMap(
            self,
            "redirect",
            name=f"{target.prefix}-redirect",
            default_url_redirect=ComputeUrlMapDefaultUrlRedirect(
                https_redirect=True,  # NET-6
                redirect_response_code="MOVED_PERMANENTLY_DEFAULT",
                strip_query=False,
            ),
            depends_on=[compute],
        )
        http = ComputeTargetHttpProxy(self, "http", name=f"{target.prefix}-redirect", url_map=redirect.id)
        self._listen("http", target, http.id, address, "80")
        self.handle = EntryHandle(
            load_balancer=f"{target.prefix}-entry",
            target=f"{target.prefix}-entry",
            dns_zone=zone_name,
            domain=spec.domain,
            ready=(zone,) if zone else (),
        )

    def _listen(self, name: str, target: Target, proxy: str, address: ComputeGlobalAddress, port: str) -> None:
        ComputeGlobalForwardingRule(
            self,
            f"{name}-rule",
            name=f"{target.prefix}-{name}",
            target=proxy,
            ip_address=address.id,
            port_range=port,
            load_balancing_scheme="EXTERNAL_MANAGED",
        )

    def _zone(self, spec: EntrySpec, target: Target) -> DnsManagedZone:
        keys = [
            DnsManagedZoneDnssecConfigDefaultKeySpecs(algorithm="ecdsap256sha256", key_type=kind, key_length=256)
            for kind in ("keySigning", "zoneSigning")
        ]
        return DnsManagedZone(
            self,
            "zone",
            name=names.dns_zone(target),
            dns_name=f"{spec.domain}.",
            description=f"Public names of {target.prefix}",
            visibility="public",
            dnssec_config=DnsManagedZoneDnssecConfig(state="on", non_existence="nsec3", default_key_specs=keys),
            cloud_logging_config=DnsManagedZoneCloudLoggingConfig(enable_logging=True),  # NET-8
            depends_on=[service(self, "dns")],
        )

    def _names(self, spec: EntrySpec, zone_name: str, address: ComputeGlobalAddress) -> None:
        for id, name in {"apex": f"{spec.domain}.", "names": f"*.{spec.domain}."}.items():
            DnsRecordSet(
                self,
                f"{id}-record",
                managed_zone=zone_name,
                name=name,
                type="A",
                ttl=300,
                rrdatas=[address.address],
            )

    def _certificate(self, spec: EntrySpec, target: Target, zone_name: str) -> CertificateManagerCertificateMap:
        authorization = CertificateManagerDnsAuthorization(
            self,
            "authorization",
            name=target.prefix,
            domain=spec.domain,
            type="FIXED_RECORD",
            depends_on=[service(self, "certificatemanager")],
        )
        record = authorization.dns_resource_record.get(0)
        DnsRecordSet(
            self,
            "authorization-record",
            managed_zone=zone_name,
            name=record.name,
            type=record.type,
            ttl=300,
            rrdatas=[record.data],
        )
        certificate = CertificateManagerCertificate(
            self,
            "certificate",
            name=target.prefix,
            scope="DEFAULT",
            managed=CertificateManagerCertificateManaged(
                domains=[spec.domain, f"*.{spec.domain}"], dns_authorizations=[authorization.id]
            ),
        )
        certificate_map = CertificateManagerCertificateMap(
            self, "certificates", name=target.prefix, depends_on=[service(self, "certificatemanager")]
        )
        for id, name in {"apex": spec.domain, "names": f"*.{spec.domain}"}.items():
            CertificateManagerCertificateMapEntry(
                self,
                f"certificate-{id}",
                name=f"{target.prefix}-{id}",
                map=certificate_map.name,
                certificates=[certificate.id],
                hostname=name,
            )
        return certificate_map

    def _pods(self, target: Target, network: NetworkHandle, firewall: ComputeSecurityPolicy) -> ComputeBackendService:
        """The backend service of the ingress pods: a network endpoint group in each zone."""
        health = ComputeHealthCheck(
            self,
            "health",
            name=f"{target.prefix}-entry",
            http_health_check=ComputeHealthCheckHttpHealthCheck(port=_HEALTH_PORT, request_path="/healthz"),
            log_config=ComputeHealthCheckLogConfig(enable=True),
            depends_on=[service(self, "compute")],
        )
        groups = [
            ComputeNetworkEndpointGroup(
                self,
                f"ingress-{zone.rpartition('-')[2]}",
                name=f"{target.prefix}-entry",
                network=network.id,
                subnetwork=network.node_subnet_ids[0],
                zone=zone,
                description=_GROUP,
                network_endpoint_type="GCE_VM_IP_PORT",
                default_port=INGRESS_PORT,
            )
            for zone in network.zones
        ]
        return ComputeBackendService(
            self,
            "ingress",
            name=f"{target.prefix}-entry",
            protocol="HTTPS",
            load_balancing_scheme="EXTERNAL_MANAGED",
            security_policy=firewall.id,  # NET-6
            health_checks=[health.id],
            backend=[
                ComputeBackendServiceBackend(group=group.id, balancing_mode="RATE", max_rate_per_endpoint=500)
                for group in groups
            ],
            log_config=ComputeBackendServiceLogConfig(enable=True, sample_rate=1),
        )

    def _firewall(self, spec: EntrySpec, target: Target) -> ComputeSecurityPolicy:
        sensitivity = 1 if target.tier == "dev" else 2
        expressions = [
            f"evaluatePreconfiguredWaf('{rule}', {{'sensitivity': {sensitivity}}})" for rule in MANAGED_RULES
        ]
        preview_only = spec.firewall == "count"
        managed = [
            ComputeSecurityPolicyRule(
                action="deny(403)",
                priority=_MANAGED + 10 * position,
                description=f"Managed rules, {position}",
                preview=preview_only,  # logs instead of denying
                match=ComputeSecurityPolicyRuleMatch(expr=ComputeSecurityPolicyRuleMatchExpr(expression=expression)),
            )
            for position, expression in enumerate([*expressions, _KNOWN_EXPLOITS])
        ]
        return ComputeSecurityPolicy(  # NET-6
            self,
            "firewall",
            name=target.prefix,
            type="CLOUD_ARMOR",
            description=f"Public entry of {target.prefix}",
            adaptive_protection_config=ComputeSecurityPolicyAdaptiveProtectionConfig(
                layer7_ddos_defense_config=ComputeSecurityPolicyAdaptiveProtectionConfigLayer7DdosDefenseConfig(
                    enable=True, rule_visibility="STANDARD"
                )
            ),
            advanced_options_config=ComputeSecurityPolicyAdvancedOptionsConfig(
                json_parsing="STANDARD", log_level="NORMAL"
            ),
            rule=[*managed, _rate(spec.requests_per_five_minutes), _allow_the_rest()],
            depends_on=[service(self, "compute")],
        )


def _rate(requests: int) -> ComputeSecurityPolicyRule:
    """At most `requests` from one address in five minutes, then a ban for five.

    It allows the requests below the limit, and no later rule sees them: the managed rules come first. Source: Cloud
    Armor, "Rate limiting overview".
    """
    limit = {"count": requests, "interval_sec": 300}
    return ComputeSecurityPolicyRule(
        action="rate_based_ban",
        priority=_LIMITED,
        description="Requests of one address",
        match=_any_client(),
        rate_limit_options=ComputeSecurityPolicyRuleRateLimitOptions(
            conform_action="allow",
            exceed_action="deny(429)",
            enforce_on_key="IP",
            ban_duration_sec=300,
            rate_limit_threshold=ComputeSecurityPolicyRuleRateLimitOptionsRateLimitThreshold(**limit),
        ),
    )


def _allow_the_rest() -> ComputeSecurityPolicyRule:
    return ComputeSecurityPolicyRule(action="allow", priority=_LAST, description="Default: allow", match=_any_client())


def _any_client() -> ComputeSecurityPolicyRuleMatch:
    return ComputeSecurityPolicyRuleMatch(
        versioned_expr="SRC_IPS_V1", config=ComputeSecurityPolicyRuleMatchConfig(src_ip_ranges=[_EVERYBODY])
    )
