"""The environment variables of Terrace: what each sets, in one table. `docs/reference/variables.md` is made from it.

Code that reads one uses its `read`, so that a variable that is not in the table cannot be read by a wrong name.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Reader = Literal["commands", "stacks", "tests"]
"""Who reads a variable: any command; `python -m stacks`, which a command starts with it set; the tests."""


@dataclass(frozen=True)
class Variable:
    """An environment variable. `default` is what applies when it is not set or empty."""

    name: str
    effect: str
    default: str
    reader: Reader = "commands"

    def read(self, environ: Mapping[str, str] = os.environ) -> str:
        """The value, empty if it is not set."""
        return environ.get(self.name, "")


CLOUD = Variable(
    "TERRACE_CLOUD", "The cloud to use instead of the environment's own, as `--cloud`.", "the environment's"
)
STATE = Variable(
    "TERRACE_STATE", "The state backend to use instead of the environment's: `local` or `remote`.", "the environment's"
)
TERRAFORM = Variable(
    "TERRACE_TERRAFORM", "Path or name of the Terraform or OpenTofu binary.", "`.tools/terraform`, else PATH"
)
TERRAFORM_RELEASES = Variable(
    "TERRACE_TERRAFORM_RELEASES",
    "Internal copy of Terraform's releases, to download Terraform from.",
    "`https://releases.hashicorp.com/terraform`",
)
TERRAFORM_SHA256 = Variable(
    "TERRACE_TERRAFORM_SHA256",
    "Checksum of Terraform's archive, for a platform without a pinned one.",
    "the pinned checksum",
)
PROVIDER_MIRROR = Variable(
    "TERRACE_PROVIDER_MIRROR",
    "Folder to install providers from instead of the registry, as `--provider-mirror`.",
    "Terraform's configuration, the registry, a mirror on this machine",
)
PARALLELISM = Variable(
    "TERRACE_PARALLELISM",
    "How many resources Terraform changes at a time: a whole number above zero.",
    "Terraform's, 10",
)
CHART_DIR = Variable(
    "TERRACE_CHART_DIR",
    "Directory with the charts of modules, instead of their repositories; `terrace modules vendor` fills it.",
    "the charts' repositories",
)
CI_VARIABLES = Variable(
    "TERRACE_CI_VARIABLES", "GitHub's variables of a job as JSON, with the ids of its identities on Azure.", "none"
)
CI_IMAGE = Variable(
    "TERRACE_CI_IMAGE", "The image of GitLab's jobs with its digest, as a variable of the project.", "none"
)
ID_TOKEN = Variable("TERRACE_ID_TOKEN", "The OIDC token of a GitLab job, with which it signs in to the cloud.", "none")
JOB_TOKEN = Variable(
    "TERRACE_JOB_TOKEN",
    "The file that says how to renew a job's OIDC token while a command runs; `terrace ci token` sets it.",
    "none",
)
GOOGLE_API_KEY = Variable(
    "TERRACE_GOOGLE_API_KEY",
    "An API key that may read Google Cloud's price list, for `terrace prices refresh`.",
    "none",
)
SCRATCH = Variable(
    "TERRACE_SCRATCH",
    "Folder for what Terrace writes (state, plans, logs, stacks) instead of the project, for a read-only checkout.",
    "the project",
)
TELEMETRY = Variable(
    "TERRACE_TELEMETRY",
    "Not empty: send spans of each command to an OpenTelemetry collector, found by `OTEL_EXPORTER_OTLP_ENDPOINT`.",
    "off",
)
HELM = Variable("TERRACE_HELM", "Path of the helm binary, which renders charts.", "`.tools/helm`, else PATH")
OUT = Variable("TERRACE_OUT", "Folder to write stacks to.", "`cdktf.out`", "stacks")
OUTPUTS = Variable("TERRACE_OUTPUTS", "Folder with the outputs of foundations.", "`.terrace/outputs`", "stacks")
UNPROTECT = Variable(
    "TERRACE_UNPROTECT", "Not empty: synthesize without protections, as `terrace destroy` does.", "protected", "stacks"
)
OFFLINE = Variable(
    "TERRACE_OFFLINE", "Not empty: synthesize for a plan without an account, as `terrace plan --offline` does.", "off",
    "stacks",
)  # fmt: skip

VARIABLES = (
    CLOUD,
    STATE,
    TERRAFORM,
    TERRAFORM_RELEASES,
    TERRAFORM_SHA256,
    PROVIDER_MIRROR,
    PARALLELISM,
    CHART_DIR,
    SCRATCH,
    HELM,
    TELEMETRY,
    CI_VARIABLES,
    CI_IMAGE,
    ID_TOKEN,
    JOB_TOKEN,
    GOOGLE_API_KEY,
    Variable("NO_COLOR", "Not empty: no colour in any output.", "colour on a terminal"),
    Variable(
        "SOURCE_DATE_EPOCH",
        "The time that a report carries, in seconds since 1970, for reproducible files.",
        "now",
    ),
    OUT,
    OUTPUTS,
    UNPROTECT,
    OFFLINE,
    Variable(
        "TERRACE_WRITE_EXPECTED", "Not empty: write the expected messages instead of comparing.", "compare", "tests"
    ),
    Variable("TERRACE_CASES", "How many random cases to try on each cloud.", "40", "tests"),
    Variable(
        "TERRACE_CI_SCHEMAS",
        "Folder with the published schemas of CI systems: `builtin_schemas/vendor` of check-jsonschema.",
        "skip those tests",
        "tests",
    ),
    Variable("TERRACE_GITLAB_CI_LOCAL", "Path of gitlab-ci-local, which runs the rendered pipeline.", "PATH", "tests"),
    Variable("TERRACE_AXE", "Path of `axe.min.js`, which checks the report's page.", "`node_modules`", "tests"),
    Variable("TERRACE_CRD_DIR", "Folder with the definitions of kinds (CRDs).", "such checks are skipped", "tests"),
    Variable("TERRACE_TRIVY", "Path of the trivy binary.", "its tests are skipped", "tests"),
    Variable("TERRACE_PROWLER", "Path of the prowler binary.", "its tests are skipped", "tests"),
    Variable("TERRACE_TEST_DBT", "Path of the dbt binary.", "its tests are skipped", "tests"),
    Variable(
        "TERRACE_TEST_DATA_CONTRACTS",
        "Path of a Python with `modules/data-contracts/runner/requirements.txt`.",
        "its tests are skipped",
        "tests",
    ),
    Variable(
        "TERRACE_TEST_DATA_PROFILER",
        "Path of a Python with `modules/data-profiler/runner/requirements.txt`.",
        "its tests are skipped",
        "tests",
    ),
    Variable(
        "TERRACE_TEST_GREAT_EXPECTATIONS",
        "Path of a Python with `modules/great-expectations/runner/requirements.txt`.",
        "its tests are skipped",
        "tests",
    ),
    Variable(
        "TERRACE_TEST_OPENMETADATA",
        "Path of a Python with `openmetadata-ingestion` of the module's version, and psycopg2.",
        "its tests are skipped",
        "tests",
    ),
    Variable(
        "TERRACE_TEST_LANDING",
        "Path of a Python with `modules/landing/runner/requirements.txt`.",
        "its tests are skipped",
        "tests",
    ),
    Variable("TERRACE_TEST_PGJDBC", "Path of PostgreSQL's JDBC driver (a jar).", "its tests are skipped", "tests"),
    Variable(
        "TERRACE_TEST_SPARK",
        "Path of a Python with pyspark 4.0, whose jars include those of Iceberg and Delta.",
        "its tests are skipped",
        "tests",
    ),
    Variable("TERRACE_TEST_TRINO", "Folder with Trino's jars.", "its tests are skipped", "tests"),
    Variable("TERRACE_ACT", "Path of the act binary, which runs workflows.", "act on PATH", "tests"),
    Variable("TERRACE_ACTIONLINT", "Path of the actionlint binary.", "actionlint on PATH", "tests"),
    Variable("TERRACE_ZIZMOR", "Path of the zizmor binary.", "zizmor on PATH", "tests"),
)
