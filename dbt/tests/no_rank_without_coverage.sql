{{ config(meta={'dagster': {'ref': {'name': 'multimodal_leaderboard'}}}) }}
{% set boards = ['text_leaderboard', 'multimodal_leaderboard'] %}
{% for board in boards %}
select '{{ board }}' as board, model, mode
from {{ ref(board) }}
where (curated_rank is not null and (curated_coverage < {{ var('least_coverage') }} or kind = 'floor'))
    or (seeking_rank is not null and (seeking_coverage < {{ var('least_coverage') }} or kind = 'floor'))
{% if not loop.last %}union all{% endif %}
{% endfor %}
