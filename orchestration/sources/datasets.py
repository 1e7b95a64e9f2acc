"""Every dataset that is asked of an agency, in one tuple.

Belongs here: the list of provider modules. Does not belong here: anything a provider module says.
"""

from __future__ import annotations

from orchestration.sources.spec import Api, Dataset

DATASETS: tuple[Dataset, ...] = ()

#: every API by name, in the order of DATASETS
APIS: dict[str, Api] = {dataset.api.name: dataset.api for dataset in DATASETS}
