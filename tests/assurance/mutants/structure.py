"""The structure of the stack (GOV-3) and secrets in texts (SEC-1): the same mutants on every cloud."""

from tests.assurance.mutants import Mutant, Stack, body, mutant, put


def mutants(*, server: tuple[str, str], record: tuple[str, str], ignored: tuple[str, str, str]) -> list[Mutant]:
    """Mutants of a database server, of an audit record, and of an attribute that a check reads: type, path, name."""

    def key_in_text(stack: Stack) -> None:
        body(stack, *server)["timeouts"] = {"create": "postgres://admin:tr0ub4dor@server:5432"}

    program = [{"local-exec": {"command": "true"}}]
    type, path, attribute = ignored
    return [
        mutant("GOV-3", "record that does not exist", put(*record, "count", 0)),
        mutant("GOV-3", "server for each of a set", put(*server, "for_each", ["a"])),
        mutant("GOV-3", "server with a provisioner", put(*server, "provisioner", program)),
        mutant("GOV-3", "all changes ignored", put(*server, "lifecycle", {"ignore_changes": "all"})),
        mutant(
            "GOV-3",
            "changes of a checked attribute ignored",
            put(type, path, "lifecycle", {"ignore_changes": [attribute]}),
        ),
        mutant("GOV-3", "data of an external program", _data_of_a_program),
        mutant("SEC-1", "credential in a text", key_in_text),
    ]


def script(stack: Stack) -> None:
    """Add a resource whose effect is a script."""
    stack["resource"]["null_resource"] = {"mutant": {"//": {"metadata": {"path": "stack/mutant"}}}}


def _data_of_a_program(stack: Stack) -> None:
    stack["data"] = {"external": {"mutant": {"program": ["sh", "-c", "true"]}}}
