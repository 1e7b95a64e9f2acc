"""The agencies of the feed on this machine, for who wants to try `headway feed` without a network: docs/feed.md begins with it.

Belongs here: starting the server with the documents of tests/fixtures/feed, and saying how to point Headway at it. Does not belong
here: how an agency answers (feed.py). It ends by itself after MINUTES.

    python -m tests.replay.serve_feed > replay.env &      then      set -a; . ./replay.env; set +a
"""

from __future__ import annotations

import sys
import time

from tests.replay.server import ReplayServer
from tests.support.feed_case import agencies

#: a server that nobody stopped ends after so many
MINUTES = 15


def main(minutes: float = MINUTES) -> None:
    """Serve for some minutes, after printing one line NAME=VALUE for each setting."""
    lines: list[str] = []

    def note(name: str, value: str) -> None:
        lines.append(f"{name}={value}")

    with ReplayServer(note) as server:
        agencies().serve(server, note)
        print("\n".join(lines), flush=True)
        sys.stderr.write(f"replaying for {minutes:g} minutes\n")
        time.sleep(60 * minutes)


if __name__ == "__main__":
    main()
