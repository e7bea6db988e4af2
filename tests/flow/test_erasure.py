"""A person is found in every layer before an erasure, and in none after it."""

import json
from collections.abc import Iterator

import pytest

from terrace.flow import run
from terrace.flow.plane import Plane
from terrace.flow.run import Evidence
from tests.flow.conftest import ROWS, SEED, ask, needs_engines, started

pytestmark = needs_engines

LAKE = """
import gzip, json, wiring
found = {}
for layer in ("bronze", "silver", "gold"):
    at = wiring.objects("spark", layer)
    for one in at.client.list_object_versions(Bucket=at.bucket, Prefix=at.folder).get("Versions", []):
        body = at.client.get_object(Bucket=at.bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        body = gzip.decompress(body) if one["Key"].endswith(".gz") else body
        found[one["Key"]] = [text for text in TEXTS if text.encode() in body]
print(json.dumps([len(found), sorted({text for texts in found.values() for text in texts})]))
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Other tests need all persons."""
    with started(tmp_path_factory.mktemp("erasure")) as made:
        yield made


def test_an_erased_person_is_in_no_layer_and_does_not_come_back(own: Plane) -> None:
    found = run.flow(own, ROWS, SEED)
    people: list[str] = []

    def remember(step: str) -> None:
        if step == "erase":
            known = json.loads((own.home / "export.json").read_text())
            people.extend(json.loads(text) for text in known["said"])
            people.extend(known["values"])
            assert known["events"] and known["tables"]["raw.orders"]

    run.erase(own, found, on_step=remember)
    assert found.failures == []
    erasure = found.erasure
    assert set(erasure["before"]) >= {
        "bronze", "silver.orders", "silver.quarantine", "raw.orders", "staging.stg_orders",
        "intermediate.int_orders_eur", "marts.customers", "gold.customers", "files of silver", "files of gold",
    }  # fmt: skip
    assert min(erasure["before"].values()) > 0 == max(erasure["after"].values())
    assert json.loads((own.home / "erasure.json").read_text()) == erasure
    assert not (own.home / "export.json").exists()
    # nothing of them is in clear in an object, whether a table has it or not
    objects, left = ask(own, f"TEXTS = {people!r}\n{LAKE}")
    assert objects > 10 and left == []
    # the same files come in again
    again = run.flow(own, ROWS, SEED)
    assert (again.erased, again.checksums) == (erasure["events"], erasure["checksums"])
    assert again.failures == []


def test_a_person_without_an_erasure_is_a_failure(own: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    job = run._job

    def forgetful(plane: Plane, name: str, *arguments: str, **options: object) -> object:
        if arguments[:1] == ("erase",):
            return {"keys": 0}
        return job(plane, name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "_job", forgetful)
    found = Evidence("orders", "dev", "", ROWS, SEED)
    run.erase(own, found)
    assert any(one.startswith("bronze has ") for one in found.failures)
    assert any(one.startswith("files of gold has ") for one in found.failures)
