"""Charts: pure functions from polars frames and records to Altair charts, and from charts to SVG, PNG and HTML.

Belongs here: how figures are drawn. Does not belong here: queries, files of a release, Streamlit; Altair is imported by
nothing that `headway --help` or `headway compare` without --plot needs.
"""
