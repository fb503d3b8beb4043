"""An executor for Strawberry that turns selections of plain attributes into generated functions.

Nothing in here knows the application: graphql-core and strawberry are the only dependencies.
"""

from compiled_executor.executor import CompiledExecutor
from compiled_executor.field import PREFETCHED

__all__ = ["PREFETCHED", "CompiledExecutor"]
