"""Tokens of Azure Pipelines' service connections, which have no claim about the run.

Source: Azure DevOps documentation, "Manually configure a workload identity service connection"; REST API, "Oidctoken -
Create": without a connection, a token names the pipeline.
"""

from collections.abc import Iterator

from terrace.assurance.sign_in.tokens import APPLY, PLAN, Claims, Token
from terrace.capabilities.ci import azure_devops
from terrace.environment.schema import Environment

COMPENSATION = "the checks of the service connection and its project in Azure DevOps have to refuse these jobs"
_OTHER = "00000000-0000-4000-8000-0000000000ff"


def tokens(environment: Environment) -> Iterator[Token]:
    spec, name = environment.identity, environment.name
    assert spec.azure_devops
    own = spec.azure_devops
    (plan,) = spec.workflows(name, environment.tier)["plan"]
    (apply,) = spec.workflows(name, environment.tier)["apply"]
    organization, project, _ = spec.repository.split("/")

    def connection(subject: str, **claims: str) -> Claims:
        return {"iss": spec.issuer, "sub": subject, **claims}

    def named(name: str = "other", of: str = organization, within: str = project) -> str:
        """The subject of another connection, in the form of the issuer."""
        if not own.tenant_id:
            return f"sc://{of}/{within}/{name}"
        others = f"{own.organization_id if of == organization else _OTHER}/{_OTHER}"
        return f"{apply.partition('/sc/')[0]}/sc/{others}"

    yield Token("the connection for plan", connection(plan), PLAN)
    yield Token("the connection for apply", connection(apply), APPLY)
    title = "a pull request that uses the connection for apply"
    yield Token(title, connection(apply), beside_subject=frozenset({"branch"}))
    title = "another pipeline that uses the connection for apply"
    yield Token(title, connection(apply), beside_subject=frozenset({"pipeline"}))
    yield Token("another connection of the project", connection(named()))
    own_name = azure_devops.connection(name, "apply")
    yield Token("a connection whose name begins the same", connection(named(f"{own_name}-2")))
    yield Token("the connection of another environment", connection(named(azure_devops.connection("other", "apply"))))
    yield Token("a connection of the name in another project", connection(named(own_name, within="other")))
    yield Token("a connection of the name in another organization", connection(named(own_name, of="stranger")))
    if own.tenant_id:
        later = apply.replace(own.connection_ids["apply"], _OTHER)
        yield Token("a later connection of the name", connection(later))
        later = apply.replace(own.organization_id, _OTHER)
        yield Token("a later organization of the name", connection(later))
        former = f"https://vstoken.dev.azure.com/{own.organization_id}"
        subject = f"sc://{organization}/{project}/{own_name}"
        yield Token("the connection by the former issuer", connection(subject, iss=former))
        tenant = apply.replace("/t/", "/t/A")
        yield Token("a subject of another tenant", connection(tenant))
    else:
        later_id = frozenset({"connection_id"})
        yield Token("a later connection of the name", connection(apply), beside_subject=later_id)
        other = spec.issuer.replace(own.organization_id, _OTHER)
        yield Token("a later organization of the name", connection(apply, iss=other))
    run = {"org_id": own.organization_id, "prj_id": own.project_id, "rpo_ref": f"refs/heads/{spec.main_branch}"}
    yield Token("a run without a connection", connection(f"p://{organization}/{project}/apply", **run))
    yield Token("the connection in capitals", connection(apply.upper()))
    yield Token("another audience", connection(apply, aud="https://example.com"))
    yield Token("another issuer", connection(apply, iss="https://token.example.com"))
