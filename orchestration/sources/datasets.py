"""Every dataset that is asked of an agency, in one tuple.

Belongs here: finding the datasets of the agencies' modules. Does not belong here: anything about one agency.

A module of agencies/ that has DATASETS is a provider: who adds one adds a file there, and no list elsewhere.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from orchestration.sources import agencies
from orchestration.sources.spec import Api, Dataset


def _datasets() -> tuple[Dataset, ...]:
    names = [module.name for module in pkgutil.iter_modules(agencies.__path__)]
    providers = [import_module(f"{agencies.__name__}.{name}") for name in names]
    return tuple(dataset for provider in providers for dataset in getattr(provider, "DATASETS", ()))


#: by the names of the modules, then in the order in which a module has them
DATASETS: tuple[Dataset, ...] = _datasets()

#: every API by name, in the order of DATASETS
APIS: dict[str, Api] = {dataset.api.name: dataset.api for dataset in DATASETS}
