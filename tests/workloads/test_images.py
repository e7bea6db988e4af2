"""terrace.workloads.images: declared images, and those that objects pull."""

import pytest

from terrace.modules.contract import Image
from terrace.workloads import images

DIGEST = "sha256:" + "a" * 64
APP = Image(repository="docker.io/library/app", tag="v1", digest=DIGEST)
TOOL = Image(repository="quay.io/example/tool", tag="v2")


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("app:v1", ("docker.io/library/app", "v1", "")),
        ("example/app:v1", ("docker.io/example/app", "v1", "")),
        ("docker.io/library/app", ("docker.io/library/app", "", "")),
        ("localhost:5000/app:v1", ("localhost:5000/app", "v1", "")),
        (f"quay.io/a/b/c:v1@{DIGEST}", ("quay.io/a/b/c", "v1", DIGEST)),
        (f"quay.io/a@{DIGEST}", ("quay.io/a", "", DIGEST)),
    ],
)
def test_a_reference_has_a_registry_a_tag_and_a_digest(reference: str, parts: tuple[str, str, str]) -> None:
    assert images.parts(reference) == parts


def test_images_of_several_modules_are_listed_once() -> None:
    first, second = images.declared([("one", [APP, TOOL]), ("two", [APP])])
    assert (first.reference, first.pinned, first.modules) == (f"docker.io/library/app:v1@{DIGEST}", True, ("one", "two"))
    assert (second.reference, second.pinned, second.modules) == ("quay.io/example/tool:v2", False, ("one",))


def test_every_image_of_a_pod_is_found() -> None:
    spec = {
        "initContainers": [{"image": "a"}],
        "containers": [{"image": "b"}, {}],
        "volumes": [{"image": {"reference": "c"}}, {"emptyDir": {}}],
    }
    job = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}
    assert [image for _, image in images.of([job, {"kind": "Service", "spec": {}}])] == ["a", "b", "", "c"]
