"""Statistical methods as plain functions: numpy and polars in, polars out.

Belongs here: estimating, forecasting, calibrating; each module names the source of its formulas.
Does not belong here: reading tables, choosing events and series (the dbt models), keeping results between builds
(orchestration/build/statistics_cache.py).
"""
