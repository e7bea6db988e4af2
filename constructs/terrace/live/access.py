"""The access model of a live deployment: what the cloud itself reports, evaluated as a stack is.

`terrace.live.<cloud>.access` reads what opens paths or grants rights through the cloud's API, including what Terraform
did not create.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation
from terrace.calls import Unreadable
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live import Unlisted
from terrace.live.document import Document


@dataclass(frozen=True)
class Deployed:
    """A live deployment as the access model reads it.

    `unread` are listings that failed: the graphs are unproven until they work. `not_read` is what no listing shows.
    """

    subject: Subject
    unread: tuple[Unlisted, ...]
    not_read: tuple[str, ...]


def read(environment: Environment, target: Target) -> Deployed:
    """Read the deployment of a target with the shell's credentials. Raises TerraceError for another account."""
    cloud = environment.cloud
    return of(implementation("terrace.live", cloud).opened(environment, target), environment, target)


def of(deployment: object, environment: Environment, target: Target) -> Deployed:
    """The access of an opened deployment. Raises CredentialsError."""
    reader = implementation("terrace.live", environment.cloud, "access")
    document = Document()
    reader.read(deployment, document)
    return Deployed(Subject(document.view(), environment, target), tuple(document.unread), reader.NOT_READ)


def observations(deployment: object, environment: Environment, target: Target, guarantee: str) -> Iterator[Observation]:
    """The comparison with the environment as far as it proves a guarantee. Raises Unreadable if a listing failed."""
    found = of(deployment, environment, target)
    if found.unread:
        first, more = found.unread[0], len(found.unread) - 1
        text = f"{first.service} could not be read: {first.reason}" + (f"; and {more} more" if more else "")
        raise Unreadable(text, hint="`terrace access ENV --live` lists what could not be read")
    yield from access.observations(found.subject, guarantee)
