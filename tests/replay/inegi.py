"""INEGI as documentation, transcribed answers and recorded register files show it: the indicators API, RAIAVL zips."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestration.sources.agencies.inegi import TITLES
from tests.replay.server import Call, Reply, json_reply

NO_RESULTS = [
    "ErrorInfo:No se encontraron resultados",
    "ErrorDetails:No se encontraron resultados",
    "ErrorCode:100",
]
_HEAD = ["PROD_EST", "COBERTURA", "ANIO", "ID_MES", "MARCA", "MODELO", "TIPO", "SEGMENTO"]
_HYBRID = [
    "PROD_EST",
    "COBERTURA",
    "ANIO",
    "ID_MES",
    "ID_ENTIDAD",
    "VEH_ELECTR",
    "VEH_HIBRIDAS_PLUGIN",
    "VEH_HIBRIDAS",
    "ESTATUS",
]
_MORE = {
    "produccion": [],
    "venta": ["ORIGEN", "ID_PAIS_ORIGEN"],
    "exportacion": ["ID_PAIS_DESTINO"],
}


@dataclass
class Bie:
    """series: indicator -> month -> printed number ('' where there is none). Everything it refuses reads the same."""

    token: str
    series: dict[str, dict[str, str]] = field(default_factory=dict)
    bank: str = "BIE-BISE"
    area: str = "00"
    frequency: str = "8"
    titles: dict[str, str] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        parts = call.path.split("/")
        assert parts[1:6] == ["app", "api", "indicadores", "desarrolladores", "jsonxml"], call.path
        if parts[6] == "CL_INDICATOR":
            return self.catalogue(*parts[7:])
        _, ids, language, area, recent, bank, version, token = parts[6:]
        codes = ids.split(",")
        known = all(code in self.series for code in codes)
        if (
            (language, version) != ("es", "2.0")
            or not known
            or (area, token) != (self.area, self.token)
            or bank not in (self.bank, "BISE")
        ):
            return json_reply(NO_RESULTS, 400)
        return json_reply(
            {
                "Header": {"Name": f"Datos compactos {bank}", "Email": "atencion.usuarios@inegi.org.mx"},
                "Series": [self.one(code, recent == "true") for code in codes],
            }
        )

    def catalogue(self, ids: str, language: str, bank: str, version: str, token: str) -> Reply:
        """Descriptions, those that are expected unless `titles` says another one."""
        codes = ids.split(",")
        if token != self.token or any(code not in self.series for code in codes):
            return json_reply(NO_RESULTS, 400)
        titles = {code: " ".join(word.split("|")[0] for word in words) for code, words in TITLES.items()}
        titles |= self.titles
        return json_reply({"CODE": [{"value": code, "Description": titles.get(code, "")} for code in codes]})

    def one(self, code: str, recent: bool = False) -> dict:
        newest_first = sorted(self.series[code].items(), reverse=True)
        observations = [
            {
                "TIME_PERIOD": month.replace("-", "/"),
                "OBS_VALUE": f"{value}{'' if '.' in value else '.'}{'0' * 17}" if value else "",
                "OBS_EXCEPTION": None,
                "OBS_STATUS": "1" if number == 0 else "2",
                "OBS_SOURCE": "",
                "OBS_NOTE": "",
                "COBER_GEO": "0",
            }
            for number, (month, value) in enumerate(newest_first)
        ]
        return {
            "INDICADOR": code,
            "FREQ": self.frequency,
            "TOPIC": "",
            "UNIT": "1058",
            "UNIT_MULT": "",
            "NOTE": "",
            "SOURCE": "",
            "LASTUPDATE": "12/10/2026 12:00:00 a. m.",
            "STATUS": None,
            "OBSERVATIONS": observations[:1] if recent else observations,
        }


@dataclass
class OpenData:
    """files: 'produccion' -> year -> CSV. The zips carry the day on which they were made, and so does their header."""

    files: dict[str, dict[int, bytes]] = field(default_factory=dict)
    modified: str = "Wed, 07 Oct 2026 12:00:00 GMT"

    def __call__(self, call: Call) -> Reply:
        name = call.path.rsplit("/", 1)[-1]
        table = name.removeprefix("conjunto_de_datos_raiavl_mensual_").removesuffix("_csv.zip")
        if table not in self.files:
            return Reply(b"<!DOCTYPE html><html><body>404</body></html>", 404, "text/html")
        return Reply(
            register_zip(table, self.files[table]),
            media_type="application/x-zip-compressed",
            last_modified=self.modified,
        )


def register_zip(table: str, years: Mapping[int, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, (2026, 10, 7, 6, 0, 0)), content)

        for year, content in years.items():
            put(f"conjunto_de_datos/raiavl_{table}_mensual_tr_cifra_{year}.csv", content)
        put("catalogos/tc_pais_destino.csv", b'"ID_PAIS_DESTINO","DESC_PAIS_DESTINO"\n40,"Canad\xc3\xa1"\n')
        put(
            f"metadatos/metadatos_raiavl_{table}_mensual_2005_2026.txt",
            b"identifier: x\nmodified: 2026-10-07\n",
        )
    return buffer.getvalue()


def register_csv(table: str, rows: Iterable[Mapping[str, object]]) -> bytes:
    """One year's file; what a row does not say is filled with something of the kind the agency writes."""
    columns = [*_HEAD, *_MORE[table], "UNI_VEH", "ESTATUS"] if table in _MORE else _HYBRID
    usual = {
        "PROD_EST": "Registro Administrativo de la Industria Automotriz de Vehículos Ligeros",
        "COBERTURA": "Nacional",
        "MARCA": "Audi",
        "MODELO": "Q5",
        "TIPO": "Camiones ligeros",
        "SEGMENTO": "SUV's",
        "ORIGEN": "IMPORTADO",
        "ID_PAIS_ORIGEN": 4,
        "ID_PAIS_DESTINO": 4,
        "ESTATUS": "Cifras Definitivas",
    }
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n", extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows({**usual, **row} for row in rows)
    return text.getvalue().encode()
