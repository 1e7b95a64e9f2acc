"""Bank of Canada Valet as its documentation and recorded answers show it: observations by name, dates inclusive."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.replay.server import Call, Reply, json_reply

TERMS = {"url": "https://www.bankofcanada.ca/terms/"}


@dataclass
class Valet:
    """days: series -> ISO day -> rate as printed; a series without a rate on a day is simply not in that row."""

    days: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        _, valet, observations, names, layout = call.path.split("/")
        assert (valet, observations, layout) == ("valet", "observations", "json")
        codes = names.split(",")
        unknown = [code for code in codes if code not in self.days]
        if unknown:
            return not_found(unknown[0])
        return self.observations(codes, call.get("start_date", "0000"), call.get("end_date", "9999"))

    def observations(self, codes: list[str], first: str = "0000", last: str = "9999") -> Reply:
        shown = sorted({day for code in codes for day in self.days[code] if first <= day <= last})
        return json_reply(
            {
                "terms": TERMS,
                "seriesDetail": {
                    code: {
                        "label": f"{code[2:5]}/{code[5:]}",
                        "description": f"{code} daily",
                        "dimension": {"key": "d", "name": "Date"},
                    }
                    for code in codes
                },
                "observations": [
                    {"d": day, **{c: {"v": self.days[c][day]} for c in codes if day in self.days[c]}}
                    for day in shown
                ],
            },
            etag=True,
        )


def not_found(code: str) -> Reply:
    return json_reply(
        {"message": f"Series {code} not found.", "docs": "https://www.bankofcanada.ca/valet/docs"}, 404
    )
