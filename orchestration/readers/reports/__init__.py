"""Reports: one page an event, made from a release, that opens, prints and can be passed on without a network.

Belongs here: which series an event touches, gathering its rows, wording and layout of pages, writing them.
Does not belong here: statistics (marts and macros), looks of charts (readers/charts), the live page
(readers/dashboard), progress of long work (orchestration/base/progress.py).

    choice.py   which series a page shows, declared before any number is looked at
    gather.py   everything a page says, as plain records
    figures.py  its charts as SVG
    words.py    numbers, labels and links as text
    render.py   records to HTML
    site.py     files on disk
"""
