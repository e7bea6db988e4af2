"""Create, read, list, update and delete resources of every service that the stacks use, with Google's own client."""

from functools import reduce
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulator.gcp.conftest import Google, Json
from tests.emulator.gcp.round_trip import RoundTrip
from tests.emulator.gcp.round_trips import ROUND_TRIPS

PAGES = {"compute": "maxResults", "storage": "maxResults", "dns": "maxResults"}


def is_contained(sent: Any, received: Any) -> bool:
    """Whether a response contains everything that was sent."""
    if isinstance(sent, dict):
        return isinstance(received, dict) and all(is_contained(value, received.get(key)) for key, value in sent.items())
    if isinstance(sent, list):
        return isinstance(received, list) and len(sent) == len(received) and all(map(is_contained, sent, received))
    return bool(sent == received) or str(received).endswith(str(sent))


@pytest.mark.parametrize("trip", ROUND_TRIPS, ids=lambda trip: trip.id)
def test_a_resource_can_be_created_read_listed_updated_and_deleted(google: Google, trip: RoundTrip) -> None:
    trip.setup(google)
    client = reduce(
        lambda parent, name: getattr(parent, name)(), trip.path.split("."), google(trip.service, trip.version)
    )
    prefix = trip.extra.get("prefix", "")
    names = []
    for name in ("one", "second", "the-third"):
        body = trip.body(name)
        parent = {} if "name" in trip.new(name) else trip.parent
        response = getattr(client, trip.create)(**parent, **trip.new(name), body=body).execute()
        created = response.get("response", response)
        generated = str(created.get("name", ""))
        is_generated = trip.key(name).get("name", "").rpartition("/")[0] == generated.rpartition("/")[0] != ""
        names.append(generated.rpartition("/")[2] if is_generated else prefix + name)

    body = trip.body("one")
    sent = next((body[field] for field in ("serviceAccount", "feed", "jobTrigger") if field in body), body)
    first = client.get(**trip.key(names[0])).execute()
    assert is_contained({field: value for field, value in sent.items() if field not in ("name", "kind")}, first)

    entries: list[Json] = []
    request = client.list(**trip.parent, **trip.extra.get("list", {}), **page_of_two(trip))
    pages = 0
    while request is not None:
        response = request.execute()
        entries += next((value for value in response.values() if isinstance(value, list)), [])
        pages += 1
        request = client.list_next(request, response) if hasattr(client, "list_next") else None
    listed = {str(each.get("name", "")).rpartition("/")[2] for each in entries}
    assert {str(trip.key(name).get("name", name)).rpartition("/")[2] for name in names} <= listed
    assert pages > 1 or not page_of_two(trip)

    change = {field: names[0] if value == "" else value for field, value in trip.change.items()}
    key = trip.key(names[0])
    if "update" in trip.extra:
        key = {trip.extra["update"]: next(value for field, value in key.items() if field != "projectId")}
    mask = {"updateMask": ",".join(trip.change)} if trip.masked else {}
    getattr(client, trip.update)(**key, **mask, body=trip.update_body(change)).execute()
    assert is_contained(change, client.get(**trip.key(names[0])).execute())

    client.delete(**trip.key(names[0])).execute()
    with pytest.raises(HttpError) as missing:
        client.get(**trip.key(names[0])).execute()
    assert missing.value.resp.status == 404


def page_of_two(trip: RoundTrip) -> Json:
    """The parameter for pages of two entries, if the method has pages."""
    if trip.service in ("cloudasset", "iam", "sqladmin"):
        return {} if trip.service == "cloudasset" else {"maxResults" if trip.service == "sqladmin" else "pageSize": 2}
    return {PAGES.get(trip.service, "pageSize"): 2}
