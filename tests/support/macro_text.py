"""The SQL that a macro of the dbt project writes, without dbt: for tests that run one statement on tables of their own.

Belongs here: rendering macros that call other macros. Does not belong here: macros that need dbt's context (adapters, refs,
models), running what is rendered.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, Template

from orchestration.base.settings import PROJECT


@cache
def _environment() -> tuple[Environment, str]:
    """An environment with dbt's `return`, and the text of every macro but the public ones."""
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals["return"] = lambda value: value
    folder = PROJECT / "dbt_project" / "macros"
    return environment, "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql")))


def rendered(call: str) -> str:
    """What `{{ call }}` gives, as `rendered("collapse_vintages('t', keys=['k'], values=['v'])")`."""
    environment, macros = _environment()
    template: Template = environment.from_string(macros + "{{ " + call + " }}")
    return template.render().strip()
