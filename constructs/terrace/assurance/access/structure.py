"""The structure of a stack: nothing is skipped, repeated, ignored or run by a script (GOV-3), and no text is a secret
(SEC-1).

Only listed meta-arguments and sections may occur: a resource with `count = 0` has every setting that a check reads, and
does not exist.
"""

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation
from terrace.assurance.view import Resource
from terrace.capabilities.cloud import facts
from terrace.project import basis

_SECTIONS = frozenset(
    {"//", "terraform", "provider", "resource", "ephemeral", "locals", "output", "moved", "import", "removed"}
)
"""Sections of a stack. A `data` source or a `module` hides from the checks what it reads or makes."""
_META = frozenset({"depends_on", "provider", "lifecycle"})
_FORBIDDEN = frozenset({"count", "for_each", "provisioner", "connection"})
_LIFECYCLE = frozenset({"create_before_destroy", "prevent_destroy", "ignore_changes"})
_SCRIPTED = re.compile(r"^(null_resource|terraform_data|local_\w+|external|.*_deployment_script.*)$")
"""Types whose effect is not in their arguments, and files of the machine that applies."""

_REFERENCE = re.compile(r"\$\{[^}]*\}")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_ASSIGNMENT = re.compile(
    r"""(?i)(password|passwd|secret|token|api_?key)(["']?\s*=|["']?:\s|["']:)\s*["']?[^\s"'<]{6,}"""
)
_SHORTEST, _DIGITS = 20, 2
_WORD = re.compile(rf"[A-Za-z0-9+=]{{{_SHORTEST},}}")
_ENTROPY = 3.9
"""Bits for each letter. A random Base64 text of 20 letters has about 4.1; words of names repeat letters."""


def fixed(stack: Subject) -> Iterator[Observation]:
    """GOV-3: an observation for each meta-argument or section that is not allowed, and one for all resources."""
    document = stack.view.document
    yield from _forgotten(document)
    for section in sorted(name for name, written in document.items() if written and name not in _SECTIONS):
        for address in _addresses(section, document[section]):
            yield Observation(address, f"it is in a section `{section}`", False, "resources of the stack only")
    known = facts(stack.environment.cloud)
    ignored = {type: {one.path for one in kept} for type, kept in known.kept.items()}
    maps = {path for paths in known.tag_maps.values() for path in paths}
    tags = {f'{path}["{key}"]' for path in maps for key in stack.environment.ownership.ignored_tags}
    resources = 0
    for resource in stack.view:
        resources += 1
        if _SCRIPTED.match(resource.type):
            yield Observation(str(resource), f"its type is {resource.type}", False, "a resource of the cloud")
        for argument in sorted(_FORBIDDEN & set(resource.raw)):
            yield Observation(str(resource), f"{argument} is set", False, "one resource, always")
        yield from _lifecycle(
            resource,
            known.ignored_changes.get(resource.type, frozenset()) | ignored.get(resource.type, set()) | tags,
            made_again=resource.type in known.made_again,
        )
    yield Observation("", f"meta-arguments of {resources} resources", resources > 0, "at least one resource")


def _forgotten(document: Mapping[str, Any]) -> Iterator[Observation]:
    """What the stack forgets has to be in the bootstrap stack, and may not be destroyed."""
    own = document.get("resource", {})
    bootstrap = {
        f"{type}.{name}"
        for type, group in basis.resources(document).items()
        for name in {*group} - {*own.get(type, {})}
    }
    for block in document.get("removed", []):
        address, kept = str(block.get("from")), block.get("lifecycle") == {"destroy": False}
        if address not in bootstrap or not kept:
            yield Observation(address, "it is in a section `removed`", False, "resources of the stack only")


def _addresses(section: str, written: Any) -> Iterator[str]:
    """Terraform's addresses of what a section contains: data.TYPE.NAME, module.NAME; else the section itself."""
    names = written if isinstance(written, dict) and written else {"": None}
    for name, inner in names.items():
        if section == "data" and isinstance(inner, dict):
            yield from (f"data.{name}.{one}" for one in inner)
        else:
            yield f"{section}.{name}" if name else section


def _lifecycle(resource: Resource, ignored: frozenset[str], *, made_again: bool) -> Iterator[Observation]:
    written: Any = resource.raw.get("lifecycle") or {}
    for block in written if isinstance(written, list) else [written]:
        again = {"replace_triggered_by"} if made_again else set()
        for argument in sorted(set(block) - _LIFECYCLE - again):
            yield Observation(str(resource), f"lifecycle.{argument} is set", False, "not set")
        changes = block.get("ignore_changes") or []
        for attribute in [changes] if isinstance(changes, str) else changes:
            if attribute not in ignored:
                fact = f"changes of {attribute} are ignored"
                yield Observation(str(resource), fact, False, "the attribute as the stack sets it")


def secrets(stack: Subject) -> Iterator[Observation]:
    """SEC-1: an observation for each text in the stack that has the form of a secret, and one for all texts.

    Base64 is decoded first; references are left out. The observation names the attribute, never the text.
    """
    texts = 0
    for resource in stack.view:
        for attribute, text in _texts(resource.raw, ""):
            texts += 1
            if kind := _secret(text):
                yield Observation(str(resource), f"{attribute} contains: {kind}", False, "no secret in the stack")
    yield Observation("", f"texts of the stack: {texts}", texts > 0, "at least one")


def _texts(written: Any, attribute: str) -> Iterator[tuple[str, str]]:
    """Every line of every text, with its attribute."""
    if isinstance(written, dict):
        for name, value in written.items():
            if name not in ("//", "depends_on"):
                yield from _texts(value, f"{attribute}.{name}" if attribute else str(name))
    elif isinstance(written, list):
        for value in written:
            yield from _texts(value, attribute)
    elif isinstance(written, str):
        for line in (*written.splitlines(), *_decoded(written).splitlines()):
            yield attribute, line


def _decoded(text: str) -> str:
    """The text in Base64, such as a machine's user data; empty if it is not Base64 of a text."""
    if len(text) < _SHORTEST or len(text) % 4:
        return ""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


@cache
def _secret(line: str) -> str:
    """The kind of secret that a line has the form of, empty for none."""
    if _decoded(line):
        return ""  # what it decodes to is scanned instead
    kinds = (plugin.secret_type for plugin in _plugins() if any(plugin.analyze_string(line)))
    if kind := next(kinds, ""):
        return str(kind)
    if _PRIVATE_KEY.search(line):
        return "Private Key"
    literal = _REFERENCE.sub("", line)
    if _ASSIGNMENT.search(literal):
        return "an assignment to a name of a secret"
    return "a random text" if any(_is_random(word) for word in _WORD.findall(literal)) else ""


def _is_random(word: str) -> bool:
    """Whether a word mixes cases and digits as a generated key does; names of resources do not."""
    frequencies = [count / len(word) for count in Counter(word).values()]
    mixed = any(map(str.isupper, word)) and any(map(str.islower, word)) and sum(map(str.isdigit, word)) >= _DIGITS
    return mixed and -sum(one * math.log2(one) for one in frequencies) > _ENTROPY


@cache
def _plugins() -> list[Any]:
    """The detectors of detect-secrets for known forms. Its detectors of entropy expect quoted text of source code."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    kinds = get_mapping_from_secret_type_to_class()
    return [kinds[kind]() for kind in sorted(kinds) if "Entropy" not in kind]
