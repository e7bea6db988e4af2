"""The values of a module's chart: values.yaml.j2, rendered for one environment, with the environment's own on top.

Templates run in jinja2's sandbox and must define everything that they use. No value is a secret.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from terrace.capabilities.data_access import word
from terrace.documents.suggestions import hint
from terrace.environment.data_access import files
from terrace.environment.schema import Environment
from terrace.errors import AnswerIsNo, Problem
from terrace.modules.contract import Image, Service
from terrace.modules.enabled import EnabledModule
from terrace.workloads import (
    bootstrap,
    dashboard_access,
    manifests,
    password_file,
    policies,
    query_access,
    topic_access,
)
from terrace.workloads.context import Context
from terrace.workloads.hosts import fqdn

TEMPLATE = "values.yaml.j2"
_JINJA = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
)
_SECRET = re.compile(
    r"(?i:password|passwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key|client[_-]?secret)"
    r"|\w+(Password|Passwd|Token|ApiKey|PrivateKey|SecretKey|ClientSecret|_password|_token|_api_key|_secret_key)"
)
_REFERENCE = re.compile(r"\$[({].*[)}]|\{\{.*\}\}", re.DOTALL)
"""A value that the pod's environment or the chart supplies: $(PASSWORD), ${ENV:PASSWORD}, {{ .Values.x }}."""
_CREDENTIALS_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:(?!\$[({])[^/\s@]+@")


class InvalidValues(AnswerIsNo):
    """The values of a module's chart cannot be rendered, or contain a secret. `problems` has all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def values(module: EnabledModule, context: Context, further: str = "") -> dict[str, Any]:
    """The values of the module's chart, or of the further chart of this name. Raises InvalidValues."""
    path = module.folder / (f"values-{further}.yaml.j2" if further else TEMPLATE)
    rendered = template(path, module, context) if path.is_file() else {}
    if further:
        return rendered  # an environment overrides values of the module's first chart only
    overrides = list(_secrets(module.values, (), module.needs.secrets))
    if overrides:
        where = f"environment {context.environment.name}"
        raise InvalidValues([_secret_problem(f"modules.{module.name}.values.{name}", where) for name in overrides])
    return merged(rendered, module.values)


def template(path: Path, module: EnabledModule, context: Context) -> dict[str, Any]:
    """What a template in the module's folder renders to. Raises InvalidValues."""
    shown = shown_as(path, context)
    rendered = _parsed(_rendered(path, shown, variables(module, context)), shown)
    found = list(_secrets(rendered, (), module.needs.secrets))
    if found:
        raise InvalidValues([_secret_problem(name, _line_of(path, shown, name)) for name in found])
    return rendered


def shown_as(path: Path, context: Context) -> str:
    """A file as messages name it: relative to the project if it is inside."""
    return str(path.relative_to(context.root)) if path.is_relative_to(context.root) else str(path)


def merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """`override` over `base`, as Helm merges values: mappings by key, all others replaced."""
    result = dict(base)
    for key, value in override.items():
        before = result.get(key)
        result[key] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return result


def variables(module: EnabledModule, context: Context) -> dict[str, Any]:
    """What a template sees."""
    environment = context.environment
    if "detection" in module.contract.provides and "rules" in module.settings:
        rules = {**policies.falco_rules(context), **module.settings["rules"]}
        module = replace(module, settings={**module.settings, "rules": rules})

    def image(repository: str) -> dict[str, Any]:
        for one in module.contract.images:
            if one.repository == repository:
                return image_parts(one)
        known = [one.repository for one in module.contract.images]
        raise _Refused(f"image {repository!r} is not declared in module.yaml", hint(repository, known))

    def provider(service: str) -> str | None:
        found = context.provider(cast(Service, service))
        return found.name if found else None

    def secret(name: str) -> str:
        if name not in module.needs.secrets:
            raise _Refused(
                f"secret {name!r} is not declared in module.yaml under needs.secrets",
                hint(name, list(module.needs.secrets)),
            )
        return name

    def host(name: str) -> str:
        if name not in {host for one in context.modules.values() for host in one.needs.hosts}:
            known = [host for one in context.modules.values() for host in one.needs.hosts]
            raise _Refused(f"host {name!r} is not declared by any module under needs.hosts", hint(name, known))
        return fqdn(name, context)

    def database_login(user: int) -> dict[str, Any]:
        need = module.needs.database
        if need is None or need.login != "password-file":
            raise _Refused("module.yaml does not say needs.database.login: password-file", "say so, and run the check")
        return password_file.login(module, context, user)

    def database_scripts() -> dict[str, str]:
        scripts = bootstrap.files(context)
        return {name: scripts[name] for name in ("people.sql", "plan.json")}

    def contracts() -> dict[str, str]:
        """The data products with a contract, and its text."""
        named = {one.name: one.contract for one in environment.data_products if one.contract}
        return {product: (context.root / file).read_text(encoding="utf-8") for product, file in named.items()}

    return {
        "module": module,
        "environment": environment,
        "foundation": context.outputs,
        "cloud": context.cloud.values(context.outputs, context.target),
        "components": components(module),
        "enabled": tuple(context.modules),
        "prefix": context.target.prefix,
        "image": image,
        "host": host,
        "database_login": database_login,
        "database_scripts": database_scripts,
        "contracts": contracts,
        "group_roles": lambda names: group_roles(environment, names),
        "dashboard_access": {"datasets": dashboard_access.datasets, "groups": dashboard_access.groups},
        "query_access": {"rules": query_access.rules, "members": query_access.members},
        "topic_access": topic_access.users(environment),
        "file_access": {word(group): access for group, access in files(environment).items()},
        "provider": provider,
        "secret": secret,
    }


def group_roles(environment: Environment, names: Mapping[str, str]) -> dict[str, str]:
    """Group of the identity provider to the role of its members in a program, which calls the platform's roles so."""
    oidc = environment.identity.oidc
    return {group: names[role] for group, role in sorted(oidc.groups.items())} if oidc else {}


def image_parts(image: Image) -> dict[str, Any]:
    """The parts of an image's address. `ref` has the digest if it is known."""
    registry, _, path = image.repository.partition("/")
    digest = f"@{image.digest}" if image.digest else ""
    return {
        "registry": registry,
        "path": path,
        "repository": image.repository,
        "tag": image.tag,
        "digest": image.digest,
        "ref": f"{image.repository}:{image.tag}{digest}",
    }


def components(module: EnabledModule) -> dict[str, Any]:
    """The pods of each component at the module's size, in the words of Kubernetes."""
    result: dict[str, Any] = {}
    for name, component in module.contract.components.items():
        size = component.sizes.get(module.size)
        if size is None:
            continue
        result[name] = {
            "replicas": size.replicas,
            "storage_gb": size.storage_gb,
            "spot": component.spot,
            "resources": {
                "requests": {"cpu": size.cpu, "memory": size.memory},
                "limits": {"memory": size.memory},
            },
        }
    return result


class _Refused(Exception):
    """A template asks for something that does not exist."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _rendered(path: Path, shown: str, names: Mapping[str, Any]) -> str:
    try:
        return _template(path, path.stat().st_mtime_ns).render(names)
    except _Refused as refused:
        raise InvalidValues([Problem(f"{refused}.", _at(shown, refused), hint=refused.hint)]) from refused
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f"{shown}:{line}" if line else _at(shown, error)
        message = str(error.message or error).partition("\n")[0].rstrip(".")
        raise InvalidValues([Problem(f"{message}.", where, hint=_fix(message, names))]) from error
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidValues([Problem(f"file cannot be read: {error}.", shown)]) from error
    except Exception as error:  # an expression of the template failed: a wrong type, a missing argument
        message = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise InvalidValues([Problem(f"{message}.", _at(shown, error))]) from error


@lru_cache(maxsize=512)
def _template(path: Path, _modified: int) -> Template:
    return _JINJA.from_string(path.read_text(encoding="utf-8"))


def _at(shown: str, error: BaseException) -> str:
    """The template's line that raised `error`: jinja2 gives its code the file name <template>."""
    line = 0
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return f"{shown}:{line}" if line else shown


def _fix(message: str, names: Mapping[str, Any]) -> str:
    found = re.match(r"'(\w+)' is undefined", message)
    return hint(found[1], list(names)) if found else ""


def _parsed(text: str, shown: str) -> dict[str, Any]:
    """The rendered text as data. An error names the template, and quotes the rendered line."""
    try:
        content = manifests.values(text)
    except manifests.InvalidYaml as error:
        lines = text.splitlines()
        known = error.line is not None and error.line < len(lines)
        quoted = f" in the rendered line {lines[error.line or 0].strip()!r}" if known else ""
        hint = "Write values that may contain : or # with `| tojson`."
        raise InvalidValues([Problem(f"renders invalid YAML: {error.problem}{quoted}.", shown, hint=hint)]) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidValues([Problem(f"renders {type(content).__name__}, not a mapping.", f"{shown}:1")])
    return content


def _secrets(value: Any, path: tuple[str, ...], declared: Mapping[str, Any]) -> Iterator[str]:
    """Paths of values that look like secrets. The name of a declared Kubernetes Secret is a reference."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(inner, (*path, str(key)), declared)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _secrets(inner, (*path, str(index)), declared)
    elif isinstance(value, str) and value:
        literal = not _REFERENCE.search(value) and value not in declared
        if (literal and path and _SECRET.fullmatch(path[-1])) or _CREDENTIALS_IN_URL.search(value):
            yield ".".join(path)


def _secret_problem(path: str, where: str) -> Problem:
    return Problem(
        "looks like a secret; no secret may be in values.",
        where,
        path,
        "Declare it in module.yaml under needs.secrets, and refer to the Kubernetes Secret.",
    )


def _line_of(path: Path, shown: str, value: str) -> str:
    """The first line of the template that sets the last key of `value`."""
    key = re.escape(value.rpartition(".")[2])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if re.match(rf"[\s{{-]*[\"']?{key}[\"']?\s*:", line):
            return f"{shown}:{number}"
    return shown
