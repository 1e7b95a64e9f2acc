"""Every dataset that is asked of an agency, in one tuple.

Belongs here: the list of the agencies' modules. Does not belong here: anything about one agency.
"""

from __future__ import annotations

from orchestration.sources.agencies import (
    bank_of_canada,
    banxico,
    bls,
    bts,
    census,
    comtrade,
    fed,
    inegi,
    statcan,
    treasury,
)
from orchestration.sources.spec import Api, Dataset

_PROVIDERS = (bls, census, bts, statcan, inegi, banxico, bank_of_canada, fed, treasury, comtrade)

DATASETS: tuple[Dataset, ...] = tuple(dataset for provider in _PROVIDERS for dataset in provider.DATASETS)

#: every API by name, in the order of DATASETS
APIS: dict[str, Api] = {dataset.api.name: dataset.api for dataset in DATASETS}
