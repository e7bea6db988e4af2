"""Container images: those that modules declare, and those that objects pull."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from terrace.modules.contract import Image
from terrace.modules.enabled import EnabledModule
from terrace.workloads import password_file
from terrace.workloads.context import Object
from terrace.workloads.policy_scope import pods_in

_DEFAULT = "docker.io"


@dataclass(frozen=True)
class DeclaredImage:
    """An image, and the modules that declare it."""

    image: Image
    modules: tuple[str, ...]

    @property
    def pinned(self) -> bool:
        return self.image.digest is not None

    @property
    def reference(self) -> str:
        """The address that a registry understands, with the digest if it is known."""
        return f"{self.image.repository}:{self.image.tag}" + (f"@{self.image.digest}" if self.image.digest else "")

    def as_data(self) -> dict[str, Any]:
        return {"reference": self.reference, "pinned": self.pinned, "modules": list(self.modules)}


def declared(
    modules: Iterable[tuple[str, Iterable[Image]]], also: Iterable[tuple[str, Iterable[Image]]] = ()
) -> list[DeclaredImage]:
    """The images of modules, by address; `also` are those of releases without a module."""
    users: dict[Image, list[str]] = {}
    for name, images in (*modules, *also):
        for image in images:
            users.setdefault(image, []).append(name)
    found = [DeclaredImage(image, tuple(sorted(set(names)))) for image, names in users.items()]
    return sorted(found, key=lambda one: one.reference)


def of(objects: Iterable[Object]) -> Iterator[tuple[Object, str]]:
    """(object, image) of every container, and of every image volume, in pods and the templates of controllers."""
    for one in objects:
        for _, spec in pods_in(one):
            for kind in ("initContainers", "containers", "ephemeralContainers"):
                for container in spec.get(kind) or ():
                    yield one, str(container.get("image") or "")
            for volume in spec.get("volumes") or ():
                if "image" in volume:
                    yield one, str(volume["image"].get("reference") or "")


def undeclared(module: EnabledModule, objects: Iterable[Object], own: str = "") -> list[str]:
    """What is wrong with the images that the objects of a module pull; each must be one that the module declares, or in
    its `own` repository of the environment's registry."""
    declared = list(module.contract.images)
    if module.needs.database and module.needs.database.login == "password-file":
        declared.append(password_file.IMAGE)
    known: Mapping[tuple[str, str], Image] = {(one.repository, one.tag): one for one in declared}
    problems = []
    for one, reference in of(objects):
        repository, tag, digest = parts(reference)
        found = known.get((repository, tag)) or next(
            (image for image in declared if digest and image.digest == digest), None
        )
        where = f"{one['kind']} {one['metadata']['name']}"
        if found is None and own and repository == own:
            continue
        if found is None:
            tags = [image.tag for image in module.contract.images if image.repository == repository]
            hint = f"; declared: {', '.join(tags)}" if tags else ""
            problems.append(f"{where} pulls {reference or 'an image without a name'}, which is not declared{hint}")
        elif digest and found.digest and digest != found.digest:
            problems.append(f"{where} pulls {reference}, but the declared digest is {found.digest}")
        elif found.digest and not digest:
            problems.append(f"{where} pulls {reference} without the declared digest")
    return list(dict.fromkeys(problems))


def parts(reference: str) -> tuple[str, str, str]:
    """(repository with its registry, tag, digest) of an image reference; the default registry is Docker Hub's."""
    named, _, digest = reference.partition("@")
    head, _, last = named.rpartition("/")
    name, _, tag = last.partition(":")
    repository = f"{head}/{name}" if head else name
    registry = repository.partition("/")[0]
    if "/" not in repository:
        repository = f"{_DEFAULT}/library/{repository}"
    elif "." not in registry and ":" not in registry and registry != "localhost":
        repository = f"{_DEFAULT}/{repository}"
    return repository, tag, digest
