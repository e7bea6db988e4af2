"""Rules of own resources: what no declaration can allow."""

from collections.abc import Iterator

from terrace.environment.schema import Environment
from terrace.errors import Problem


def declarations_have_limits(environment: Environment) -> Iterator[Problem]:
    """A right has a named principal and object, and a path does not begin at the internet."""
    for name, extension in environment.extensions.items():
        for position, grant in enumerate(extension.grants):
            path = f"extensions.{name}.grants.{position}"
            if grant.principal == "anyone":
                message = "a right of anyone cannot be declared."
                yield Problem(message, path=f"{path}.principal", hint="Name the principal, as the gate prints it.")
            if grant.object == "everything" or "*" in grant.object.partition(" ")[0]:
                message = f"a right on {grant.object!r} cannot be declared."
                yield Problem(message, path=f"{path}.object", hint="Name one object, as the gate prints it.")
        for position, opened in enumerate(extension.paths):
            if opened.source == "internet":
                message = "a path from the internet cannot be declared; the entry is the only one (NET-6)."
                hint = "Add a host to a module, which the entry serves."
                yield Problem(message, path=f"extensions.{name}.paths.{position}.source", hint=hint)
