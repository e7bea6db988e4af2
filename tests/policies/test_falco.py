"""Falco's rules: their form, the real filter compiler, and events that they must and must not alert on.

sysdig 0.29.3 compiles and evaluates the rules over system calls with Falco's own library, as of March 2022. It lacks
newer fields and those of the audit log; `tests.policies.rules.holds` evaluates the audit rules.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from tests.policies.captures import Action, Connected, Opened, Sent, Started, capture
from tests.policies.cases import AUDIT_CASES, CASES, AuditCase, Case
from tests.policies.rules import (
    FOLDER,
    And,
    Comparison,
    InvalidCondition,
    Macro,
    Or,
    Rule,
    Term,
    holds,
    load,
    parse,
    render,
    terms,
    walk,
)

RULES = load()
SYSCALL, AUDIT = RULES.of("syscall"), RULES.of("k8s_audit")
PRIORITIES = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG")
TOPICS = {"terrace", "container", "host", "process", "filesystem", "network", "database", "k8s"}

# MITRE ATT&CK for enterprise: the techniques that the rules use, by tactic.
TECHNIQUES = {
    "mitre_execution": {"T1059.004", "T1609"},
    "mitre_persistence": {"T1098.006", "T1554"},
    "mitre_privilege_escalation": {"T1611"},
    "mitre_defense_evasion": {"T1562.001"},
    "mitre_credential_access": {"T1003.008", "T1528", "T1552", "T1552.001", "T1552.005", "T1552.007"},
    "mitre_collection": {"T1005"},
    "mitre_command_and_control": {"T1105"},
    "mitre_exfiltration": {"T1048"},
    "mitre_impact": {"T1496"},
}

# Rules that sysdig cannot compile, with the field that is newer.
NOT_COMPILED = {"Program added to a running container": "proc.is_exe_upper_layer"}

# Terms that change nothing for the named rules, because another term implies them. They stay: the engine selects events
# by evt.type, and the macros serve other rules too.
READING = {
    "Cloud credential file read",
    "Environment of another process read",
    "Password file read in a container",
    "Service account token read by an unexpected process",
}
WRITING = {"Node is written to", "Write below a binary directory of a container"}
METADATA = {"Connection to the instance metadata service"}
EQUIVALENT = {
    "evt.type in (open, openat, openat2)": READING | WRITING,  # evt.is_open_read and evt.is_open_write imply it
    "fd.typechar in (4, 6)": METADATA,  # fd.sip exists for sockets only
    "(evt.rawres = 0) or (evt.res = EINPROGRESS)": METADATA,  # fd.sip is unknown after a refused connection
}

SYSDIG = shutil.which("sysdig")
VERSION = subprocess.run([SYSDIG, "--version"], capture_output=True, text=True).stdout.split()[-1] if SYSDIG else ""
needs_sysdig = pytest.mark.skipif(
    not VERSION.startswith("0.29."),
    reason=f"needs sysdig 0.29, found {VERSION}" if SYSDIG else "sysdig is not installed: apt-get install sysdig",
)


def name_of(value: object) -> str:
    return str(getattr(value, "name", None) or getattr(value, "rule", value))


def rule_of(name: str) -> Rule:
    return next(rule for rule in RULES.rules if rule.name == name)


def fields_of(source: str) -> set[str]:
    names, current = set(), ""
    for line in (Path(__file__).parent / "fields.txt").read_text().splitlines():
        if line.startswith("#"):
            current = line[2:].partition(":")[0]
        elif line and current == source:
            names.add(line)
    return names


FIELDS = {source: fields_of(source) for source in ("syscall", "k8s_audit")}


def plain(field: str) -> str:
    """A field without its argument."""
    name = field.partition("[")[0]
    return "evt.arg" if name.startswith("evt.arg.") else name


# Form.


def test_entries_have_the_keys_of_their_kind() -> None:
    kinds = {
        "list": {"list", "items"},
        "macro": {"macro", "condition"},
        "rule": {"rule", "desc", "condition", "output", "priority", "source", "tags"},
        "required_engine_version": {"required_engine_version"},
        "required_plugin_versions": {"required_plugin_versions"},
    }
    for file, entry in RULES.entries:
        kind = next(iter(entry))
        assert set(entry) == kinds[kind], f"{file}: {entry[kind]}"
        assert kind != "rule" or file != "lists.yaml"


def test_names_are_unique() -> None:
    for kind in ("list", "macro", "rule"):
        counts = Counter(entry[kind] for _, entry in RULES.entries if kind in entry)
        assert max(counts.values()) == 1, counts.most_common(1)


def test_lists_and_macros_are_defined_before_use_and_all_are_used() -> None:
    defined: set[str] = set()
    used: set[str] = set()
    for _, entry in RULES.entries:
        if "condition" in entry:
            for term in walk(parse(str(entry["condition"]))):
                if isinstance(term, Macro):
                    assert term.name in defined, f"{term.name} is used before it is defined"
                    used.add(term.name)
                elif isinstance(term, Comparison):
                    used |= defined & set(term.values)
                    assert not (set(term.values) & set(RULES.lists)) - defined
        defined |= {str(entry[kind]) for kind in ("list", "macro") if kind in entry}
    assert used == defined


@pytest.mark.parametrize("rule", RULES.rules, ids=name_of)
def test_rule_is_complete(rule: Rule) -> None:
    entry = rule.entry
    assert entry["priority"] in PRIORITIES
    assert rule.source == ("k8s_audit" if rule.file == "audit-rules.yaml" else "syscall")
    assert len(str(entry["desc"]).split()) > 12, "the description has to give the reason"
    *topics, tactic, technique = entry["tags"]
    assert technique in TECHNIQUES[tactic]
    assert topics[0] == "terrace" and set(topics) <= TOPICS


def test_every_technique_of_the_table_is_used() -> None:
    used = {(rule.entry["tags"][-2], rule.entry["tags"][-1]) for rule in RULES.rules}
    assert used == {(tactic, technique) for tactic, ids in TECHNIQUES.items() for technique in ids}


def test_process_names_are_cut_off_as_the_kernel_does() -> None:
    for rule in RULES.rules:
        for term in walk(RULES.expand(rule.condition)):
            if isinstance(term, Comparison) and term.field in ("proc.name", "proc.pname"):
                assert max(map(len, term.values)) <= 15, term


@pytest.mark.parametrize("rule", RULES.rules, ids=name_of)
def test_fields_exist_in_the_engine(rule: Rule) -> None:
    condition = {plain(term.field) for term in walk(RULES.expand(rule.condition)) if isinstance(term, Comparison)}
    output = [plain(field) for field in re.findall(r"%([\w.]+(?:\[\w+\])?)", str(rule.entry["output"]))]
    assert condition | set(output) <= FIELDS[rule.source]
    assert not condition & {"evt.dir"}, "the engine delivers exit events only"
    wanted = {"ka.user.name", "ka.sourceips"} if rule.source == "k8s_audit" else {"proc.cmdline", "user.uid"}
    assert wanted <= set(output)
    if "container" in rule.entry["tags"]:
        assert {"k8s.ns.name", "k8s.pod.name", "container.id", "container.image.repository"} <= set(output)


def shadowed(rules: list[Rule]) -> list[tuple[str, str]]:
    """Pairs of rules of which the first has no term that the second lacks: the second never alerts."""
    conditions = [(rule.name, {render(term) for term in terms(RULES.expand(rule.condition))}) for rule in rules]
    return [(earlier[0], later[0]) for earlier, later in combinations(conditions, 2) if earlier[1] <= later[1]]


@pytest.mark.parametrize("source", ["syscall", "k8s_audit"])
def test_no_rule_is_shadowed_by_a_broader_earlier_one(source: str) -> None:
    assert shadowed(RULES.of(source)) == []


def test_a_shadowed_rule_is_found() -> None:
    narrow = rule_of("Interactive shell in a data service")
    broad = replace(narrow, name="Any shell", condition=parse("proc.name in (shells) and started_program"))
    assert shadowed([broad, narrow]) == [("Any shell", narrow.name)]
    assert shadowed([narrow, broad]) == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("proc.name = ", "has no value"),
        ("proc.name in shells", "needs a list"),
        ("(proc.name = a", "not closed"),
        ("proc.name = a proc.name = b", "unexpected 'proc.name'"),
        ("proc.name like a", "compared with nothing"),
        ("proc.name = a and", "missing at the end"),
        ("= a", "expected a field"),
        ("proc.name = 'a", "unexpected character"),
    ],
)
def test_an_invalid_condition_is_an_error(condition: str, message: str) -> None:
    with pytest.raises(InvalidCondition, match=message):
        parse(condition)


@pytest.mark.parametrize("rule", RULES.rules, ids=name_of)
def test_rendering_keeps_the_condition(rule: Rule) -> None:
    assert parse(render(rule.condition)) == rule.condition


# Compilation and evaluation by sysdig.

EVENTS = [event for case in CASES for event in (*case.alerts, *case.silent)]


TYPES: dict[type[Action], str] = {Started: "execve", Opened: "openat", Connected: "connect", Sent: "write"}


@pytest.fixture(scope="session")
def capture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("falco") / "events.scap"
    file.write_bytes(capture(EVENTS))
    return file


def matching(capture_file: Path, condition: Term) -> set[int]:
    """Indexes of the events that sysdig matches. The older library also delivers enter events, hence evt.dir."""
    filter_text = f"({render(condition)}) and evt.dir = <"
    command = [str(SYSDIG), "-r", str(capture_file), "-p", "*%thread.tid %evt.type %evt.rawres", filter_text]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and not run.stderr, run.stderr
    matched = set()
    for line in run.stdout.splitlines():
        pid, kind, result = line.split()
        action = EVENTS[int(pid) - 1000][1]
        if kind == TYPES[type(action)] and result == str(action.result):
            matched.add(int(pid) - 1000)
    return matched


def indexes(case: Case) -> tuple[set[int], set[int]]:
    """Indexes of the events that the rule must and must not alert on."""
    first = sum(len(each.alerts) + len(each.silent) for each in CASES[: CASES.index(case)])
    middle = first + len(case.alerts)
    return set(range(first, middle)), set(range(middle, middle + len(case.silent)))


def compilation_error(condition: Term) -> str:
    """The error of sysdig without a capture. It compiles the condition, then misses a driver."""
    return subprocess.run([str(SYSDIG), render(condition)], capture_output=True, text=True, timeout=60).stderr


@needs_sysdig
@pytest.mark.parametrize("rule", SYSCALL, ids=name_of)
def test_sysdig_compiles_the_condition(rule: Rule) -> None:
    newer, parts = NOT_COMPILED.get(rule.name), terms(RULES.expand(rule.condition))
    if newer:
        assert f"unrecognized field {newer}" in compilation_error(And(parts))
        parts = tuple(part for part in parts if not (isinstance(part, Comparison) and part.field == newer))
    error = compilation_error(And(parts))
    assert "filter error" not in error and "driver" in error.lower(), error


@needs_sysdig
@pytest.mark.parametrize("condition", ["proc.nam = a", "evt.type = opanat"])
def test_sysdig_refuses_an_unknown_field_or_event_type(condition: str) -> None:
    assert "filter error at position" in compilation_error(parse(condition))


def test_every_rule_has_a_case() -> None:
    assert [case.rule for case in CASES] == [rule.name for rule in SYSCALL if rule.name not in NOT_COMPILED]
    assert {case.rule for case in AUDIT_CASES} == {rule.name for rule in AUDIT}


@needs_sysdig
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_rule_alerts_on_its_events_only(case: Case, capture_file: Path) -> None:
    alerts, silent = indexes(case)
    matched = matching(capture_file, RULES.expand(rule_of(case.rule).condition))
    assert {EVENTS[index] for index in alerts - matched} == set(), "no alert"
    assert {EVENTS[index] for index in silent & matched} == set(), "unexpected alert"


@needs_sysdig
def test_the_first_rule_that_matches_an_event_is_its_own(capture_file: Path) -> None:
    first: dict[int, str] = {}
    for rule in SYSCALL:
        if rule.name not in NOT_COMPILED:
            for index in matching(capture_file, RULES.expand(rule.condition)):
                first.setdefault(index, rule.name)
    for case in CASES:
        for index in indexes(case)[0]:
            assert first[index] == case.rule, EVENTS[index]


def weakened(rule: Rule) -> Iterator[tuple[str, Term]]:
    """The rule without each of its terms in turn; a macro that is a conjunction counts as its terms."""
    parts = terms(RULES.expand(rule.condition))
    for dropped in parts:
        yield render(dropped), And(tuple(part for part in parts if part is not dropped))


@needs_sysdig
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_weakened_rule_is_noticed(case: Case, capture_file: Path) -> None:
    silent, rule = indexes(case)[1], rule_of(case.rule)
    unnoticed = {name for name, mutant in weakened(rule) if not silent & matching(capture_file, mutant)}
    assert unnoticed == {term for term, rules in EQUIVALENT.items() if case.rule in rules}


def narrowed(term: Term) -> Iterator[Term]:
    """The condition without each alternative of its `or` terms in turn."""
    parts = terms(term)
    for index, part in enumerate(parts):
        if isinstance(part, Or):
            for dropped in part.terms:
                rest = Or(tuple(each for each in part.terms if each is not dropped))
                yield And((*parts[:index], rest, *parts[index + 1 :]))


@needs_sysdig
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_rule_without_an_alternative_is_noticed(case: Case, capture_file: Path) -> None:
    alerts = indexes(case)[0]
    for mutant in narrowed(RULES.expand(rule_of(case.rule).condition)):
        assert alerts - matching(capture_file, mutant), render(mutant)


@pytest.mark.parametrize("case", AUDIT_CASES, ids=name_of)
def test_audit_rule_alerts_on_its_events_only(case: AuditCase) -> None:
    rule = rule_of(case.rule)
    condition = RULES.expand(rule.condition)
    assert [event for event in case.alerts if not holds(condition, event)] == []
    assert [event for event in case.silent if holds(condition, event)] == []
    for event in case.alerts:
        assert next(each.name for each in AUDIT if holds(RULES.expand(each.condition), event)) == case.rule


@pytest.mark.parametrize("case", AUDIT_CASES, ids=name_of)
def test_a_changed_audit_rule_is_noticed(case: AuditCase) -> None:
    rule = rule_of(case.rule)
    assert [name for name, mutant in weakened(rule) if not any(holds(mutant, event) for event in case.silent)] == []
    for mutant in narrowed(RULES.expand(rule.condition)):
        assert not all(holds(mutant, event) for event in case.alerts), render(mutant)


def test_the_readme_lists_every_rule() -> None:
    rows = re.findall(r"^\| (.+?) \| (\w+) \| (T[\d.]+) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    expected = [(rule.name, str(rule.entry["priority"]), rule.entry["tags"][-1]) for rule in RULES.rules]
    assert rows == expected
