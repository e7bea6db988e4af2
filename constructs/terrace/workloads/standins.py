"""The foundation's outputs as the workloads stack reads them: as the last apply wrote them, else stand-ins.

With stand-ins the stack can be synthesized, planned and checked before its foundation exists. Each contains STAND_IN,
so a plan shows them, and `terrace apply` refuses such a plan.
"""

import base64
import json
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from terrace.capabilities.outputs import VERSION, Outputs
from terrace.capabilities.spec import LAYERS, Spec
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import UsageError

STAND_IN = "stand-in-"
_PORTS = {"database": 5432, "cache": 6379, "streams": 9092}


def file_name(environment: Environment) -> str:
    """The name of the file with the outputs of a foundation."""
    return f"{environment.name}-{environment.cloud}.json"


def outputs(environment: Environment, target: Target, file: Path) -> Outputs:
    """The outputs in `file`; stand-ins if it does not exist. Raises UsageError for a file that does not fit."""
    if not file.is_file():
        return stand_ins(environment, target)
    again = f"write it again with `terrace output {environment.name} --cloud {environment.cloud}`"
    try:
        found = Outputs.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise UsageError(f"not the outputs of a foundation: {detail}", where=str(file), hint=again) from error
    expected = {"environment": environment.name, "cloud": environment.cloud, "region": target.region}
    for name, value in expected.items():
        if getattr(found, name) != value:
            actual = getattr(found, name)
            raise UsageError(f"{name} is {actual!r}, but the environment's is {value!r}", where=str(file), hint=again)
    return found


def stand_ins(environment: Environment, target: Target) -> Outputs:
    """Outputs with a stand-in for each value that only the foundation knows."""
    modules = [name for name, module in environment.enabled_modules.items() if module.in_foundation]
    keys: dict[str, Sequence[str]] = {
        "buckets": (*LAYERS, "artifacts", "backups", "logs"),
        "lake": (*LAYERS, "artifacts"),
        "platform_identities": tuple(environment.component_accounts),
        "users": [name for name in modules if environment.enabled_modules[name].needs.cache],
        "roles": [name for name in modules if environment.enabled_modules[name].needs.database],
    }
    known = {
        "version": VERSION,
        "environment": environment.name,
        "cloud": environment.cloud,
        "region": target.region,
        "cluster": {
            "name": target.prefix,
            "endpoint": f"https://{STAND_IN}cluster.invalid",
            "certificate_authority": base64.b64encode(f"{STAND_IN}certificate-authority".encode()).decode(),
        },
    }
    entry = environment.network.entry
    known |= {"domain": entry.domain} if entry else {"domain": None, "dns_zone": None}
    known |= dict.fromkeys((*environment.left_out, *(() if environment.cluster else ("registry",))))
    return Outputs.model_validate({**_of(Outputs, (), keys, modules), **known})


def contained(text: str) -> bool:
    """Whether a synthesized stack contains stand-ins."""
    return STAND_IN in text


def _of(model: type[Spec], at: tuple[str, ...], keys: Mapping[str, Sequence[str]], modules: Sequence[str]) -> Any:
    """A stand-in for each field of a model, by its type."""
    return {name: _value(field.annotation, (*at, name), keys, modules) for name, field in model.model_fields.items()}


def _value(annotation: Any, at: tuple[str, ...], keys: Mapping[str, Sequence[str]], modules: Sequence[str]) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return _of(annotation, at, keys, modules)
    if origin is types.UnionType:
        return _value(next(one for one in arguments if one is not type(None)), at, keys, modules)
    if origin in (tuple, list):
        return [_value(arguments[0], at, keys, modules)]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _value(arguments[1], (*at, key), keys, modules) for key in keys.get(at[-1], modules)}
    if annotation is int:
        return _PORTS[at[0]]
    return STAND_IN + "-".join(part.replace("_", "-") for part in at)
