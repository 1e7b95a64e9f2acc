select blocker, place, title, tellable_when from {{ ref('seed_answer_blocker') }}
