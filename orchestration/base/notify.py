"""Telling someone that a run failed or was not complete: a webhook or a command, both from the environment.

Belongs here: sending one text.
Does not belong here: deciding what is worth a message (operations/refresh.py, defs/sensors.py).

HEADWAY_NOTIFY_WEBHOOK  an https address that gets {"text": "..."} by POST (the form of most chat services)
HEADWAY_NOTIFY_COMMAND  a command that gets the text on standard input: mail -s "{subject}" me@example.org
"""

from __future__ import annotations

import os
import shlex
import subprocess

from orchestration.base.progress import report

_SECONDS = 20


def tell(subject: str, text: str) -> list[str]:
    """Send `text` to what the environment names; returns what went wrong, one line each.

    Nothing is raised, because a message that cannot be sent must not fail the run it is about. Each way may take 20 s.
    """
    problems = []
    if webhook := os.environ.get("HEADWAY_NOTIFY_WEBHOOK", "").strip():
        import requests  # only here: whatever loads Dagster's definitions imports this module, and tells nobody

        try:
            response = requests.post(
                webhook, json={"text": f"{subject}\n{text}"}, timeout=_SECONDS, allow_redirects=False
            )
            if response.status_code >= 300:
                problems.append(f"HEADWAY_NOTIFY_WEBHOOK answered HTTP {response.status_code}")
        except (requests.RequestException, ValueError) as error:
            # the message of the error may hold the address of the webhook, which is a secret: only its class is reported
            problems.append(f"HEADWAY_NOTIFY_WEBHOOK could not be reached ({type(error).__name__})")
    if command := os.environ.get("HEADWAY_NOTIFY_COMMAND", "").strip():
        try:
            words = [word.replace("{subject}", subject) for word in shlex.split(command)]
            subprocess.run(
                words, input=f"{text}\n", text=True, timeout=_SECONDS, check=True, capture_output=True
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            problems.append(f"HEADWAY_NOTIFY_COMMAND failed ({type(error).__name__})")
    for problem in problems:
        report("notify", problem)
    return problems
