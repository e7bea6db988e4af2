"""The public entry: load balancer, TLS certificate, web application firewall, public DNS zone (NET-6)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec


class EntrySpec(Spec):
    domain: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", max_length=200)]
    """The environment's domain; a certificate covers it and its subdomains."""
    firewall: Literal["count", "block"]
    """Action of the web application firewall's managed rules on a match."""
    requests_per_five_minutes: Annotated[int, Field(ge=100, le=2_000_000)] = 2000
    """Rate limit per client address."""


@dataclass(frozen=True)
class EntryHandle:
    """`load_balancer` is its name in the cloud's metrics; `target` is where ingress pods register. `ready` is the zone,
    where a right on it does not name its id."""

    load_balancer: str
    target: str
    dns_zone: str
    domain: str
    ready: tuple[Any, ...] = ()
