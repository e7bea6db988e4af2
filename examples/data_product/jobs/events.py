"""Makes the events of a web shop. Usage: events.py FOLDER ROWS SEED.

The same rows and seed give the same files. Of a hundred events about two are sent twice, two are later states of an
order, two are broken in one of eight ways, and three come late.
"""

import gzip
import json
import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import wiring

START = datetime(2026, 11, 1, tzinfo=timezone.utc)
PART = 50_000
BROKEN: list[dict[str, Any]] = [
    {"order_id": None}, {"order_id": "42"}, {"status": "unknwon"}, {"amount": -1}, {"amount": "a lot"},
    {"currency": "eur"}, {"email": "no-address"}, {"items": None},
]  # fmt: skip


def events(rows: int, seed: int) -> Any:
    """Each event as a line."""
    chance = random.Random(seed)
    people = max(10, rows // 5)
    sent: list[dict[str, Any]] = []
    for number in range(rows):
        kind = chance.random()
        if sent and kind < 0.02:
            yield json.dumps(chance.choice(sent))
            continue
        if sent and kind < 0.04:
            earlier = chance.choice(sent)
            event = earlier | {"event_id": f"e-{number:09}", "status": chance.choice(["paid", "shipped", "returned"])}
            event["received_at"] = _text(datetime.fromisoformat(earlier["received_at"]) + timedelta(hours=3))
        else:
            event = _event(number, people, chance)
        if kind > 0.999:
            yield json.dumps(event)[:-20]
        elif kind > 0.98:
            yield json.dumps(event | chance.choice(BROKEN))
        else:
            if len(sent) < 1000:
                sent.append(event)
            else:
                sent[chance.randrange(1000)] = event
            yield json.dumps(event)


def _event(number: int, people: int, chance: random.Random) -> dict[str, Any]:
    person = chance.randrange(people)
    ordered = START + timedelta(seconds=chance.randrange(30 * 86400))
    late = timedelta(days=chance.randrange(2, 20)) if chance.random() < 0.03 else timedelta(0)
    return {
        "event_id": f"e-{number:09}",
        "order_id": f"o-{number:08}",
        "ordered_at": _text(ordered),
        "received_at": _text(ordered + timedelta(seconds=chance.randrange(1, 90)) + late),
        "status": chance.choice(["placed", "paid", "shipped", "returned"]),
        "amount": round(chance.uniform(5, 500), 2),
        "currency": chance.choice(["EUR", "EUR", "USD", "CHF"]),
        "items": chance.randrange(1, 10),
        "country": ["DE", "AT", "FR", "CH", "IT"][person % 5],
        "name": f"Person {person}",
        "email": f"person{person}@mail.example",
        "phone": f"+49 170 {person * 7919 % 10_000_000:07}",
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def main(folder: Path, rows: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = events(rows, seed)
    count, part = 0, 0
    while chunk := [line for _, line in zip(range(PART), lines, strict=False)]:
        path = folder / f"part-{part:05}.jsonl.gz"
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in chunk).encode(), 1, mtime=0))
        count, part = count + len(chunk), part + 1
    wiring.report(rows=count, files=part)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
