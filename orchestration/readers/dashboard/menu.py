"""The pages of the dashboard, in the order of its menu.

Belongs here: that list. Does not belong here: anything of Streamlit's: the server reads the list before Streamlit runs, and a
module with answers to be kept would make it warn that nothing can keep them yet.
"""

from __future__ import annotations

#: module of the page, its title, its icon; the first is shown at the root
PAGES = (
    ("overview", "Overview", ":material/dashboard:"),
    ("answers", "What can be told", ":material/fact_check:"),
    ("timeline", "Timeline", ":material/timeline:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("trade", "Trade and tariffs", ":material/local_shipping:"),
    ("feed", "New actions", ":material/campaign:"),
    ("revisions", "Revisions", ":material/history:"),
    ("data", "Data", ":material/table:"),
)
