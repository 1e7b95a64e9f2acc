"""docs/sources/<source>.md: one page a source, written from the specs that the program itself uses.

Belongs here: turning Source, Api, Secret, Budget and Dataset into Markdown.
Does not belong here: the texts themselves (sources/registry.py and the provider modules), the other pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from orchestration.sources.bundled_ends import ends_of
from orchestration.sources.release_calendar import RELEASES
from orchestration.sources.spec import Api, Budget, Dataset, Source

#: the field "day of the week" of a cron expression
_CRON_DAYS = {"*": "every day", "1-5": "Monday to Friday", "6": "Saturday"}


def last_periods(figures: Path) -> dict[str, str]:
    """The last period of each bundled series as a reader writes it: a month, of a yearly series the year.

    figures: the folder of the bundled figures. The release does not tell, since a refresh goes on with the same series.
    """
    manifest = json.loads((figures / "manifest.json").read_bytes())
    return {
        series["series_id"]: series["last_period"][: 4 if series["frequency"] == "annual" else 7]
        for series in manifest["series"]
    }


def source_page(source: Source, datasets: Sequence[Dataset], ends: Mapping[str, str]) -> str:
    """The page of one source as Markdown: licence, how each of its APIs is asked, datasets, release days, traps, bundled figures.

    datasets: those of this source; without any the page says that its figures come with the bundled figures only.
    ends: the last bundled period of each series (last_periods).
    """
    apis = {dataset.api.name: dataset.api for dataset in datasets}
    lines = [
        f"# {source.source_id}: {source.agency}",
        "",
        f"{source.title}. {source.homepage_url}".strip(),
        "",
        f"- cadence: {source.cadence}",
        f"- licence: {source.licence}",
        f"- attribution to print with figures of it: {source.attribution}",
    ]
    if not datasets:
        lines += ["", "Not asked by `headway refresh`: its figures come with the bundled figures only."]
    if reasons := ends_of(source.source_id, ends):
        lines += ["", "## Where the bundled figures end", "", *(f"- {reason}" for reason in reasons)]
    for api in apis.values():
        lines += ["", f"## How {api.name} is asked", "", *_api_lines(api)]
    if datasets:
        lines += ["", "## Datasets", *_dataset_lines(datasets)]
    releases = [r for r in RELEASES if r.source_id == source.source_id]
    if releases and datasets:
        lines += ["", "## Release days that start a refresh", ""]
        lines += [
            f"- {r.title}: days {r.first} to {r.last} of a month, holidays of {r.country} left out ({r.basis})"
            for r in releases
        ]
    traps = [trap for api in apis.values() for trap in api.traps]
    if traps:
        lines += ["", "## Traps", "", *(f"- {trap}" for trap in traps)]
    return "\n".join(lines) + "\n"


def _api_lines(api: Api) -> Iterator[str]:
    """Address, key, limits and manners of one API, a bullet each."""
    yield f"- address: {api.base_url} (`HEADWAY_BASE_URL_{api.name}` asks another one)"
    secret = api.secret
    if secret is None:
        yield "- key: none needed"
    else:
        need = "needed" if secret.required else "optional"
        yield f"- key: {need}, `{secret.variable}`, free from {secret.where_to_get}; sent in the {secret.place}"
    if api.contact_variable:
        yield f"- user agent: an e-mail address, `{api.contact_variable}`"
    if api.names_contact or api.referer:
        contact = ", with `HEADWAY_CONTACT_EMAIL` in it where that is set" if api.names_contact else ""
        yield f"- user agent: `{api.user_agent}`{contact} (`HEADWAY_USER_AGENT_{api.name}` sends another one)"
    if api.referer:
        yield f"- Referer: {api.referer} (`HEADWAY_REFERER_{api.name}` sends another one)"
    limits = _limits(api.budgets)
    if api.budgets_without_key:
        limits = f"{limits} with the key, {_limits(api.budgets_without_key)} without it"
    yield f"- limits kept: {limits}; {api.seconds_between_requests:g} s between requests"
    redirects = "followed to https on the same host" if api.follow_redirects else "not followed"
    yield f"- answers of more than {api.max_bytes / 1e6:g} MB are refused; redirects are {redirects}"


def _limits(budgets: Iterable[Budget]) -> str:
    return ", ".join(map(_limit, budgets)) or "none known"


def _limit(budget: Budget) -> str:
    zone = f" (of {budget.renews_in})" if budget.renews_in else ""
    return f"{budget.requests:,} requests {budget.window}{zone}"


def _dataset_lines(datasets: Iterable[Dataset]) -> Iterator[str]:
    for dataset in datasets:
        yield ""
        yield f"### {dataset.name}"
        yield ""
        yield f"{dataset.title}."
        yield ""
        if not dataset.enabled:
            yield f"- off: {dataset.disabled_reason} (`HEADWAY_ENABLE_{dataset.api.name}=1` turns it on)"
        if dataset.schedule:
            yield f"- looked for: {_in_words(*dataset.schedule)}"
        yield f"- usually out {dataset.publication_lag_days} days after the end of the period"
        if dataset.first_year:
            yield f"- years from {dataset.first_year} can be asked for one by one (a Dagster partition each)"
        if dataset.title_check:
            checked = ", ".join(f"`{code}`" for code in dataset.title_check.expected)
            yield f"- refused unless their title at the agency fits, read before the first use: {checked}"
        if dataset.revisions:
            yield f"- revisions: {dataset.revisions}"


def _in_words(cron: str, zone: str) -> str:
    """'35 8 * * 1-5' as '08:35 Monday to Friday, America/New_York time'; other cron expressions as they are."""
    minute, hour, days, month, weekday = cron.split()
    if month != "*" or not (minute + hour).isdigit():
        return f"cron {cron}, {zone} time"
    on_days = (
        _CRON_DAYS.get(weekday, f"weekdays {weekday}") if days == "*" else f"on days {days} of the month"
    )
    return f"{int(hour):02}:{int(minute):02} {on_days}, {zone} time, on release days"
