"""The stacks of AWS allow what their environments declare: nothing else, nothing less, and no row without a use."""

import pytest

from terrace.assurance import access
from tests.assurance.access.aws.conftest import Read


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_stack_of_the_project_has_no_difference(subject: Read, environment: str) -> None:
    found = access.differences(subject(environment))
    assert (found.undeclared, found.missing, found.unknown) == ((), (), ())


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_row_of_aws_is_used_and_has_a_reason(subject: Read, environment: str) -> None:
    stack = subject(environment)
    declared, read = access.declarations(stack), access.read(stack)
    unused = [str(row) for row in declared.allowed_grants if not any(row.covers(one) for one in read.grants)]
    assert unused == []
    reasons = dict(declared.reasons)
    assert all(reasons[row] for row in declared.allowed_grants)


def test_a_module_that_is_disabled_declares_nothing(subject: Read) -> None:
    declared = access.declarations(subject("prod"))
    modules = {row.principal for row in declared.required_grants if row.principal.startswith("module ")}
    assert "module airflow" in modules
    assert "module minio" not in modules
