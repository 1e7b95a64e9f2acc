"""Banco de México SIE as its documentation and recorded answers show it: token in a header, windows, HTTP 400 for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from tests.replay.server import Call, Reply, json_reply

TITLE = (
    "Tipo de cambio Pesos por dólar E.U.A. Tipo de cambio para solventar obligaciones denominadas en moneda "
    "extranjera Fecha de determinación (FIX)"
)


@dataclass
class Sie:
    """days: series -> ISO day -> rate as printed ('N/E': none on that day)."""

    token: str
    days: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        if call.headers.get("bmx-token") != self.token:
            return bad_token()
        parts = call.path.split("/")
        assert parts[1:5] == ["SieAPIRest", "service", "v1", "series"], call.path
        codes, window = parts[5].split(","), parts[7:]
        if len(codes) > 20 or any(code not in self.days for code in codes):
            return refused("Serie no encontrada", "Favor de verificar los identificadores.")
        series = []
        for code in codes:
            days = self.days[code]
            if window == ["oportuno"]:
                days = {max(days): days[max(days)]}
            elif window:
                days = {d: v for d, v in days.items() if window[0] <= d <= window[1]}
            points = [
                {"fecha": f"{date.fromisoformat(d):%d/%m/%Y}", "dato": v} for d, v in sorted(days.items())
            ]
            series.append({"idSerie": code, "titulo": TITLE, **({"datos": points} if points else {})})
        return json_reply({"bmx": {"series": series}}, media_type="application/json;charset=UTF-8")


def refused(said: str, detail: str, **more: object) -> Reply:
    return json_reply({"error": {"mensaje": said, "detalle": detail, **more}}, 400)


def bad_token() -> Reply:
    return refused(
        "Token inválido",
        "El token enviado no es válido, favor de verificar. Para obtener un token consultar la url adjunta.",
        url="https://www.banxico.org.mx/SieAPIRest/service/v1/token",
    )


def quota_spent(seconds: int) -> Reply:
    return refused("Límite de consultas superado.", "", timeReset=1672182387, secondsToReset=seconds)
