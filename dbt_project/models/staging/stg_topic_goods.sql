select
    topic,
    goods,
    reason
from {{ ref('seed_topic_goods') }}
