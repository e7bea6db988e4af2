"""`terrace access` as it is typed."""

import json
import re
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from tests.assurance.conftest import Written, written
from tests.assurance.mutants import add, to
from tests.cli.test_validate import Terrace, terrace

__all__ = ["terrace", "written"]

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
schema:
  - name: orders
    properties:
      - {name: email, customProperties: [{property: mask, value: hash}]}
      - {name: country}
"""
ACCESS = """
data_products:
  - name: orders
    owner: sales
    classification: internal
    layers: [gold]
    retention_days: 30
    contract: contracts/orders.yaml
access:
  - {groups: [analysts], schemas: [marts], rows: {country: [DE, AT]}}
  - {groups: [data-engineers], schemas: [raw], personal_data: clear}
"""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_edge_of_an_environment_is_declared(terrace: Terrace, cloud: str) -> None:
    code, out, err = terrace("access", "dev", "--cloud", cloud, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["environment"], found["cloud"]) == ("dev", cloud)
    assert found["undeclared"] == found["missing"] == found["unknown"] == []
    edge = {"kind": "path", "from": "internet", "to": "entry", "protocol": "tcp", "ports": [443, 443]}
    assert any(edge.items() <= one.items() for one in found["edges"])


def test_a_stack_in_a_file_with_an_undeclared_path(terrace: Terrace, written: Written, tmp_path: Path) -> None:
    document = json.loads(written("gcp", "dev"))
    opening = {
        "name": "dpf-dev-mutant",
        "network": to("google_compute_network", "network/vpc", "id"),
        "allow": [{"protocol": "tcp", "ports": ["22"]}],
        "source_ranges": ["0.0.0.0/0"],
    }
    add("google_compute_firewall", "network/ssh", opening)(document)
    stack = tmp_path / "cdk.tf.json"
    stack.write_text(json.dumps(document))
    arguments = ("--cloud", "gcp", "--environment", "dev")
    code, out, err = terrace("access", str(stack), *arguments, "--undeclared")
    assert code == 1
    assert "network/ssh" in out
    assert "not declared: internet -> " in err
    code, out, _ = terrace("access", "diff", "dev", str(stack), *arguments)
    assert code == 1
    assert all(line.startswith("+ internet -> ") and "network/ssh" in line for line in out.splitlines())
    assert terrace("access", "diff", str(stack), str(stack), *arguments)[:2] == (0, "no difference\n")


def test_explain_shows_each_step(terrace: Terrace) -> None:
    code, out, _ = terrace("access", "explain", "dev", "internet -> database", "--cloud", "gcp")
    assert code == 0
    assert out.startswith("internet -> entry -> nodes -> database\n  internet -> entry on tcp ")
    code, out, _ = terrace("access", "explain", "dev", "internet -> mars", "--cloud", "gcp")
    assert (code, out) == (1, "no way from internet to mars\n")


def test_mermaid(terrace: Terrace) -> None:
    code, out, _ = terrace("access", "dev", "--cloud", "gcp", "--output", "mermaid")
    assert code == 0
    assert out.startswith("flowchart LR\n")
    assert '  internet -->|"tcp 443, tcp 80"| entry' in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope",), "unknown environment 'nope'"),
        (("stack.json",), "stack.json does not name its environment"),
        (("stack.json", "--environment", "dev"), "cannot read the stack"),
        (("explain", "dev", "internet"), "invalid question 'internet'"),
        (("diff", "dev"), "compare A with B or with --live"),
        (("diff", "dev", "prod", "--live"), "compare A with B or with --live"),
        (("stack.json", "--live"), "stack.json does not name its environment"),
        (("dev@no-such-ref",), "cannot read the project at no-such-ref"),
    ],
)
def test_bad_arguments(terrace: Terrace, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = terrace("access", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_what_people_may_read(terrace: Terrace) -> None:
    Path("contracts").mkdir()
    Path("contracts/orders.yaml").write_text(CONTRACT)
    dev = Path("environments/dev.yaml")
    dev.write_text(dev.read_text() + ACCESS)
    code, out, err = terrace("access", "data", "dev")
    assert (code, err) == (0, "")
    assert [re.split(r"  +", line) for line in out.splitlines()] == [
        ["group", "place", "table", "columns", "masked", "rows"],
        ["analysts", "marts", "orders", "country", "email (hash)", "country: DE, AT"],
        ["data-engineers", "raw", "all", "all", "all"],
    ]
    code, out, err = terrace("access", "data", "dev", "--group", "analysts", "--json")
    (found,) = json.loads(out)
    assert (code, found["columns"], found["rows"]) == (
        0,
        {"email": "hash", "country": None},
        {"country": ["DE", "AT"]},
    )
    code, out, err = terrace("access", "data", "dev", "--group", "analyst")
    assert code == 2 and "no rule of access names the group 'analyst'" in err and "analysts" in err


def test_without_rules_people_read_nothing(terrace: Terrace) -> None:
    assert terrace("access", "data", "dev") == (0, "people can read no data of dev\n", "")
