"""The user's own timelines: events, sources, tariff measures and positions beside the bundled ones.

Belongs here: the files in the home that hold them, the rules their rows obey, changing them, loading them into the store.
Does not belong here: types of cells (transforms/timeline.py), what an event means (dbt_project), the commands (cli/timeline.py).
"""
