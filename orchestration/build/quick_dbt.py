"""Work of dbt's parser that a process of its own can do without: the same result in two thirds of the time.

Belongs here: what is put in the place of functions of dbt's libraries, and why the result is the same.
Does not belong here: what a build can do without, too (quick_calls.py), parsing (dbt_project.py), the process (parse_ahead.py). It is used in
that process only, which ends afterwards: the test suite and `dbt` by hand use dbt as it is, and a test compares what the two make.

Of 16 s that dbt-core 1.11 needs to parse 330 files and compile 700 tests (two cores in use by others), 3 s go to templates that it has
compiled before, 2 s to the default values in schemas of its own, which nobody reads, and to making a validator 3,700 times of 24 schemas.
Python's search for cycles of objects takes another 5 s: a parse makes hardly any, so that 450 MB are the peak without it as well.
"""

from __future__ import annotations

import gc
import pickle
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from typing import Any

from orchestration.build import quick_calls

#: what is put in dbt's place for as long as this process lives
_to_the_end = ExitStack()


def install() -> None:
    """From now on, until the end of this process, dbt parses faster. A version of a library that lacks one of the functions stays as it is."""
    gc.disable()
    _to_the_end.enter_context(quick_calls.used())
    _keep_templates()
    _keep_validators()
    _leave_out_defaults()


def _keep_templates() -> None:
    """A template is compiled once for each text: dbt compiles the arguments of a test when it parses the test, again when it compiles
    it, and `ref('dim_series')` for each test that names it. The code of a template depends on its text and on the class of its
    environment only; what it is rendered with is given when it is run."""
    import jinja2

    environment: Any = jinja2.Environment
    compile_template = environment.compile
    kept: dict[tuple[Any, ...], Any] = {}

    def compiled(
        self: jinja2.Environment,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> Any:
        if not isinstance(source, str) or raw:  # pieces of a template, which only Jinja itself passes
            return compile_template(self, source, name, filename, raw, defer_init)
        key = (type(self), source, name, filename, defer_init)
        if key not in kept:
            kept[key] = compile_template(self, source, name, filename, False, defer_init)
        return kept[key]

    environment.compile = compiled


def _keep_validators() -> None:
    """Everything is validated as before, by one validator for each class and not by a new one for each object, and what is equal once: the
    configurations of 700 tests are a few dozen."""
    schemas: Any = import_module("dbt_common.dataclass_schema")
    draft: Any = import_module("jsonschema").Draft7Validator

    @cache
    def validator(cls: Any) -> Any:
        return draft(cls.json_schema())

    valid: set[tuple[Any, bytes]] = set()

    def validate(cls: Any, data: Any) -> None:
        try:
            content = (cls, pickle.dumps(data))  # equal bytes are equal values of equal types
        except (pickle.PicklingError, TypeError, AttributeError):  # something that is no plain value
            content = None
        if content in valid:
            return
        error = next(iter(validator(cls).iter_errors(data)), None)
        if error is not None:
            raise schemas.ValidationError.create_from(error) from error
        if content is not None:
            valid.add(content)

    schemas.dbtClassMixin.validate = classmethod(validate)


def _leave_out_defaults() -> None:
    """The schema of a class tells the default of each field as JSON, for which a class is made for each field; a validator does not look
    at defaults (JSON Schema draft 7, section 10.2: they are annotations)."""
    of_schemas: Any = import_module("mashumaro.jsonschema.schema")
    if hasattr(of_schemas, "_default"):
        of_schemas._default = lambda _type, value, _config: value
