"""Falco's rule files: loading, the grammar of conditions, and an evaluation over plain values."""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT

FOLDER = ROOT / "policies/falco"
FILES = ("lists.yaml", "rules.yaml", "audit-rules.yaml")  # in the order in which Falco reads them

TOKEN = re.compile(r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<symbol>!=|<=|>=|[()=<>,])|(?P<word>[^\s()=<>!,"']+))""")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "contains", "icontains", "startswith", "endswith", "glob")
SET_COMPARISONS = ("in", "intersects", "pmatch")


class InvalidCondition(Exception):
    """A condition that does not follow the grammar."""


@dataclass(frozen=True)
class Comparison:
    """One comparison: a field, an operator and its values."""

    field: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Macro:
    name: str


@dataclass(frozen=True)
class Not:
    term: "Term"


@dataclass(frozen=True)
class And:
    terms: tuple["Term", ...]


@dataclass(frozen=True)
class Or:
    terms: tuple["Term", ...]


Term = Comparison | Macro | Not | And | Or


def parse(condition: str) -> Term:
    """The syntax tree of a condition."""
    tokens, end = [], 0
    while condition[end:].strip():
        if not (match := TOKEN.match(condition, end)):
            raise InvalidCondition(f"unexpected character in {condition[end:]!r}")
        tokens.append(match[0].strip())
        end = match.end()
    term, rest = _or(tokens)
    if rest:
        raise InvalidCondition(f"unexpected {rest[0]!r}")
    return term


def _or(tokens: list[str]) -> tuple[Term, list[str]]:
    return _chain(tokens, "or", Or, lambda rest: _chain(rest, "and", And, _not))


def _chain(
    tokens: list[str], word: str, kind: type[And] | type[Or], of: Callable[[list[str]], tuple[Term, list[str]]]
) -> tuple[Term, list[str]]:
    first, rest = of(tokens)
    terms = [first]
    while rest and rest[0] == word:
        term, rest = of(rest[1:])
        terms.append(term)
    return (kind(tuple(terms)) if len(terms) > 1 else first), rest


def _not(tokens: list[str]) -> tuple[Term, list[str]]:
    if not tokens:
        raise InvalidCondition("a term is missing at the end")
    if tokens[0] == "not":
        term, rest = _not(tokens[1:])
        return Not(term), rest
    if tokens[0] == "(":
        term, rest = _or(tokens[1:])
        if not rest or rest[0] != ")":
            raise InvalidCondition("a parenthesis is not closed")
        return term, rest[1:]
    return _comparison(tokens)


def _comparison(tokens: list[str]) -> tuple[Term, list[str]]:
    name, rest = tokens[0], tokens[1:]
    if not re.match(r"[a-z]", name):
        raise InvalidCondition(f"expected a field or a macro, found {name!r}")
    if "." not in name:
        return Macro(name), rest
    if rest and rest[0] == "exists":
        return Comparison(name, "exists"), rest[1:]
    if rest and rest[0] in COMPARISONS:
        if len(rest) < 2 or rest[1] in ("(", ")", ","):
            raise InvalidCondition(f"{name} {rest[0]} has no value")
        return Comparison(name, rest[0], (rest[1].strip("\"'"),)), rest[2:]
    if rest and rest[0] in SET_COMPARISONS:
        if rest[1:2] != ["("] or ")" not in rest:
            raise InvalidCondition(f"{name} {rest[0]} needs a list in parentheses")
        end = rest.index(")")
        return Comparison(name, rest[0], tuple(each.strip("\"'") for each in rest[2:end] if each != ",")), rest[
            end + 1 :
        ]
    raise InvalidCondition(f"{name} is compared with nothing")


def render(term: Term) -> str:
    """A condition as text; every value is quoted."""
    match term:
        case Macro():
            return term.name
        case Not():
            return f"not ({render(term.term)})"
        case And() | Or():
            return f" {type(term).__name__.lower()} ".join(f"({render(each)})" for each in term.terms)
        case Comparison(operator="exists"):
            return f"{term.field} exists"
        case Comparison() if term.operator in SET_COMPARISONS:
            return f"{term.field} {term.operator} ({', '.join(map(_quoted, term.values))})"
    return f"{term.field} {term.operator} {_quoted(term.values[0])}"


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./-]+", value) else f'"{value}"'


def walk(term: Term) -> Iterator[Term]:
    yield term
    match term:
        case Not():
            yield from walk(term.term)
        case And() | Or():
            for each in term.terms:
                yield from walk(each)


def terms(term: Term) -> tuple[Term, ...]:
    """The terms that all have to hold."""
    return term.terms if isinstance(term, And) else (term,)


@dataclass(frozen=True)
class Rule:
    name: str
    file: str
    entry: Mapping[str, Any]
    condition: Term

    @property
    def source(self) -> str:
        return str(self.entry["source"])


@dataclass
class RuleSet:
    entries: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    macros: dict[str, Term] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    def expand(self, term: Term) -> Term:
        """A condition without macros and names of lists."""
        match term:
            case Macro():
                return self.expand(self.macros[term.name])
            case Not():
                return Not(self.expand(term.term))
            case And():
                return And(tuple(flat for each in term.terms for flat in terms(self.expand(each))))
            case Or():
                return Or(tuple(map(self.expand, term.terms)))
        values = (item for value in term.values for item in self.lists.get(value, (value,)))
        return Comparison(term.field, term.operator, tuple(values))

    def of(self, source: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.source == source]


def load(folder: Path = FOLDER) -> RuleSet:
    rule_set = RuleSet()
    for name in FILES:
        for entry in YAML(typ="safe").load((folder / name).read_text()):
            rule_set.entries.append((name, entry))
            if "list" in entry:
                rule_set.lists[entry["list"]] = tuple(map(str, entry["items"]))
            elif "macro" in entry:
                rule_set.macros[entry["macro"]] = parse(entry["condition"])
            elif "rule" in entry:
                rule_set.rules.append(Rule(entry["rule"], name, entry, parse(entry["condition"])))
    return rule_set


Value = str | list[str]


def holds(term: Term, event: Mapping[str, Value]) -> bool:
    """Whether an expanded condition holds for an event. A field that the event lacks satisfies no comparison."""
    match term:
        case Not():
            return not holds(term.term, event)
        case And():
            return all(holds(each, event) for each in term.terms)
        case Or():
            return any(holds(each, event) for each in term.terms)
        case Macro():
            raise InvalidCondition(f"macro {term.name} is not expanded")
    if term.field not in event:
        return False
    value = event[term.field]
    if isinstance(value, list):
        return term.operator == "exists" or (term.operator == "intersects" and not set(value).isdisjoint(term.values))
    expected = term.values[0] if term.values else ""
    results = {
        "exists": True,
        "=": value == expected,
        "!=": value != expected,
        "in": value in term.values,
        "contains": expected in value,
        "startswith": value.startswith(expected),
        "endswith": value.endswith(expected),
        "glob": fnmatch.fnmatchcase(value, expected),
    }
    return results[term.operator]
