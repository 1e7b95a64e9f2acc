select
    dataset,
    series_like,
    {{ split_list('known_on') }} as known_on,
    agency_page,
    agency_table,
    copy_repository,
    copy_path,
    copy_commit,
    note
from {{ ref('seed_figure_origin') }}
