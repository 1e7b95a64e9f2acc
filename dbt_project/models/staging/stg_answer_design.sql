select design, place, title, what_is_compared, declared_on from {{ ref('seed_answer_design') }}
