select
    dataset,
    series_like,
    known_on,
    agency_page,
    agency_table,
    copy_repository,
    copy_path,
    copy_commit,
    note
from {{ ref('stg_figure_origin') }}
order by dataset, series_like, known_on
