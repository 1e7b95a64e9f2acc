"""How long tests wait for another process or a page before they give up.

Belongs here: the one number. No test is about it: it only ends what hangs, so it is what a machine needs that does three
other things at the same time.
"""

#: seconds
PATIENCE = 300.0
