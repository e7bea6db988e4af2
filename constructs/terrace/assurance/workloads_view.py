"""The workloads of an environment as checks see them: the objects of all releases, and what the policies deny of them.

Terrace's own releases always have objects. An upstream chart has them where it is at hand; else its release is in
`missing`, and checks read the module's contract.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from terrace import distribution
from terrace.errors import TerraceError
from terrace.modules.enabled import EnabledModule
from terrace.workloads import policies
from terrace.workloads.context import Context, Object
from terrace.workloads.namespaces import CLUSTER_OWN
from terrace.workloads.policy_scope import pods_in
from terrace.workloads.rendering import Rendered, installed

if TYPE_CHECKING:
    from terrace.workloads.policy_evaluation import Violation


@dataclass(frozen=True)
class Workloads:
    """The releases of an environment, rendered. Exceptions of policies end by `today`."""

    context: Context
    rendered: Sequence[Rendered]
    today: date

    @cached_property
    def objects(self) -> tuple[Object, ...]:
        """The objects of all releases as they are in the cluster: with their namespace and Helm's annotations."""
        return tuple(installed(one, each.release) for each in self.rendered for one in each.objects)

    @property
    def missing(self) -> tuple[Rendered, ...]:
        """The releases that were not rendered, each with the reason."""
        return tuple(one for one in self.rendered if one.skipped)

    @property
    def modules(self) -> tuple[EnabledModule, ...]:
        """The enabled modules in the order of their installation."""
        return tuple(self.context.modules.values())

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the modules, without the cluster's own."""
        return tuple(dict.fromkeys(one.namespace for one in self.modules if one.namespace not in CLUSTER_OWN))

    def kind(self, *kinds: str, namespace: str | None = None) -> list[Object]:
        """The objects of some kinds, in one namespace or in all."""
        found = [one for one in self.objects if one["kind"] in kinds]
        return [one for one in found if namespace is None or one["metadata"].get("namespace") == namespace]

    @cached_property
    def pods(self) -> tuple[tuple[Object, Object], ...]:
        """(object, pod spec) of each pod and pod template."""
        return tuple((one, spec) for one in self.objects for _, spec in pods_in(one))

    @cached_property
    def policies(self) -> tuple[Object, ...]:
        """The policies of the environment, whether or not a module enforces them."""
        return tuple(policies.rendered(self.context.root, policies.parameters(self.context)))

    @cached_property
    def violations(self) -> "tuple[Violation, ...]":
        """What the policies deny of all objects, except for what exceptions allow. Raises TerraceError."""
        try:
            from terrace.workloads.policy_evaluation import violations
        except ModuleNotFoundError as error:
            hint = distribution.install("assurance")
            raise TerraceError(f"policies need {error.name}, which is not installed", hint=hint) from error

        return tuple(violations(self.objects, self.policies, self.kind("PolicyException"), today=self.today))

    def denied(self, names: Iterable[str]) -> "list[Violation]":
        """The violations of some policies."""
        wanted = set(names)
        return [one for one in self.violations if one.policy in wanted]

    def of_category(self, *prefixes: str) -> list[str]:
        """The names of the policies whose category begins with a prefix."""
        return [
            policy["metadata"]["name"]
            for policy in self.policies
            if policy["metadata"]["annotations"]["policies.kyverno.io/category"].startswith(prefixes)
        ]
