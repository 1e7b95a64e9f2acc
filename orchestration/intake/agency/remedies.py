"""What a person can do where an agency refuses us: the settings and keys to look at, in words.

Belongs here: sentences that follow a refusal. Does not belong here: telling refusals apart (transforms/parse/outcome.py).
"""

from __future__ import annotations

from orchestration.intake.agency.http import CONTACT
from orchestration.sources.spec import Api


def about_manners(api: Api) -> str:
    """What to do where a server refuses this program."""
    settings = [f"HEADWAY_USER_AGENT_{api.name}", f"HEADWAY_REFERER_{api.name}"]
    if api.contact_variable or api.names_contact:
        settings.insert(0, api.contact_variable or CONTACT)
    key = f", check {api.secret.variable}" if api.secret else ""
    return f"the server refuses this program: set {', '.join(settings)} (docs/operations.md){key}"


def about_key(api: Api) -> str:
    """What to do where the key or the contact of an API is refused."""
    if api.contact_variable:
        return f"set {api.contact_variable} to an e-mail address"
    return (
        f"check {api.secret.variable} ({api.secret.where_to_get})"
        if api.secret
        else "it asks for no key we know"
    )
