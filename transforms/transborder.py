"""Code lists of the TransBorder freight data of the US Bureau of Transportation Statistics.

Belongs here: its directions and modes of transport, for the parser and for whoever writes them in words; the readers import
this module, so it imports nothing. Does not belong here: partners and other codes (codes.py), parsing (parse/bts.py).
"""

from __future__ import annotations

#: TRDTYPE of BTS TransBorder data -> flow, seen from the United States
TRANSBORDER_FLOWS: dict[str, str] = {"1": "exports", "2": "imports"}

#: DISAGMOT of BTS TransBorder data: the modes of transport; the seed seed_transport_mode has the same names
TRANSBORDER_MODES: dict[str, str] = {
    "1": "Vessel",
    "3": "Air",
    "4": "Mail",
    "5": "Truck",
    "6": "Rail",
    "7": "Pipeline",
    "8": "Other or unknown",
    "9": "Foreign trade zone",
}
