from terrace.capabilities.target import Target as Target
from terrace.environment.loading import Loaded as Loaded
from terrace.environment.loading import load as load
from terrace.environment.loading import names as names
from terrace.environment.placement import target as target
from terrace.environment.schema import Environment as Environment
from terrace.errors import AnswerIsNo as AnswerIsNo
from terrace.errors import InvalidEnvironment as InvalidEnvironment
from terrace.errors import TerraceError as TerraceError
from terrace.errors import UsageError as UsageError
from terrace.project.discovery import Project as Project
from terrace.project.synthesis import synthesize as synthesize
from terrace.stacks.foundation import Foundation as Foundation
from terrace.stacks.workloads import Workloads as Workloads

__version__: str
