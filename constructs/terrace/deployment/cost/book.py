"""The price book of a project: dated list prices, one file a cloud in policies/prices/."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.capabilities.prices import Price, Sku
from terrace.errors import InvalidFile, Problem

FOLDER = "policies/prices"
_HEAD = "Written by `terrace prices refresh`, which replaces it. A price is for one unit, in the currency named."
_HINT = "Write it again with `terrace prices refresh`."
_CURRENCY = "USD"


class InvalidPrices(InvalidFile):
    """A price book is invalid."""


@dataclass(frozen=True)
class Book:
    """Prices, each once for a cloud, region and SKU."""

    prices: tuple[Price, ...] = ()

    def price(self, cloud: str, region: str, sku: Sku) -> Price | None:
        """The price of a SKU for its unit."""
        wanted = (cloud, region, sku.name, sku.unit, _CURRENCY)
        found = (one for one in self.prices if (one.cloud, one.region, one.sku, one.unit, one.currency) == wanted)
        return next(found, None)


def path(root: Path, cloud: str) -> Path:
    """The file of a cloud."""
    return root / FOLDER / f"{cloud}.yaml"


def read(root: Path, cloud: str) -> Book:
    """The price book of a cloud; empty if the project has none. Raises InvalidPrices."""
    file = path(root, cloud)
    shown = str(file.relative_to(root))
    if not file.is_file():
        return Book()
    try:
        content: Any = YAML(typ="safe").load(file)
        return Book(TypeAdapter(tuple[Price, ...]).validate_python((content or {}).get("prices")))
    except (YAMLError, AttributeError) as error:
        raise InvalidPrices([Problem(f"cannot be read: {error}", shown, hint=_HINT)]) from error
    except ValidationError as error:
        problems = [
            Problem(f"{one['msg'].lower()}.", shown, ".".join(map(str, ("prices", *one["loc"]))), _HINT)
            for one in error.errors()
        ]
        raise InvalidPrices(problems) from error


def write(root: Path, cloud: str, prices: Iterable[Price]) -> Path:
    """Replace the price book of a cloud."""
    from ruamel.yaml.comments import CommentedMap

    rows = [
        {**asdict(one), "price": format(one.price, "f"), "read": one.read.isoformat()}  # exact, also as text
        for one in sorted(prices, key=lambda one: (one.region, one.sku))
    ]
    document = CommentedMap({"prices": rows})
    document.yaml_set_start_comment(_HEAD)
    file = path(root, cloud)
    file.parent.mkdir(parents=True, exist_ok=True)
    yaml = YAML()
    yaml.width = 10_000
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)
    return file
