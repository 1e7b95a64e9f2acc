"""Rows and dataclasses as values that JSON can hold, for programs.

Belongs here: what becomes of a date, a decimal, a number that is not finite. Does not belong here: which fields a program
gets, how a person sees them (cli/printer.py).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal


def json_value(value: object) -> object:
    """A value that JSON can hold: dataclasses as objects, dates as ISO text, numbers that are not finite as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: json_value(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): json_value(field) for name, field in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(element) for element in value]
    if isinstance(value, Decimal):
        return json_value(float(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)
