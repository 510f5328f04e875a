{{ config(meta={'dagster': {'ref': {'name': 'subtask_scores'}}}) }}
-- Nothing was joined twice.
{% set keys = {
    'subtask_scores': 'split, model, arm, mode, subtask',
    'text_figures': 'model, arm, mode, "column"',
    'multimodal_figures': 'model, arm, mode, "column"',
    'text_leaderboard': 'model, mode, policy',
    'multimodal_leaderboard': 'model, mode, policy',
    'coverage': 'split, model, arm, "column"',
    'paired_deltas': 'split, model, mode, contrast, "column", weighting'
} %}
{% for mart, key in keys.items() %}
select '{{ mart }}' as mart from {{ ref(mart) }} group by {{ key }} having count(*) > 1
{% if not loop.last %}union all{% endif %}
{% endfor %}
