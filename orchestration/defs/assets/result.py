"""What an asset of this project returns: the metadata of what it made, and no value.

Belongs here: that type. Does not belong here: any asset.
"""

from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

# Dagster reads the annotation when an asset is defined and knows the class only without its parameter: an asset with
# checks that is annotated MaterializeResult[None] is refused ("Expected Tuple annotation for multiple outputs").
if TYPE_CHECKING:
    Materialized: TypeAlias = dg.MaterializeResult[None]
else:
    Materialized = dg.MaterializeResult
