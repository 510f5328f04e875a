{{ config(meta={'dagster': {'ref': {'name': 'multimodal_leaderboard'}}}) }}
-- The differences of the published layout are those of the contrasts.
{% set names = {
    'text': {'risk': 'risk_prediction', 'decision': 'decision_making', 'overall': 'overall'},
    'multimodal': {
        'finding_presence': 'finding_presence',
        'finding_enumeration': 'finding_enumeration',
        'change_comparison': 'change_comparison',
        'mortality_24h': 'mortality_24h',
        'inpatient_mortality': 'inpatient_mortality',
        'phenotype': 'phenotype',
        'overall': 'overall'
    }
} %}
with shown as (
    {% for split, columns in names.items() %}
    {% set last_split = loop.last %}
    {% for name, column in columns.items() %}
    select
        '{{ split }}' as split,
        model,
        mode,
        case policy when 'strict' then 'seeking-curated_strict' else 'seeking_compat-curated' end as contrast,
        '{{ column }}' as "column",
        {{ name }}_delta as delta
    from {{ ref(split ~ '_leaderboard') }}
    {% if not (last_split and loop.last) %}union all{% endif %}
    {% endfor %}
    {% endfor %}
)

select shown.split, shown.model, shown.mode, shown.contrast, shown.column
from shown
left join {{ ref('paired_deltas') }} as paired
    on paired.split = shown.split
    and paired.model = shown.model
    and paired.mode = shown.mode
    and paired.contrast = shown.contrast
    and paired.column = shown.column
    and paired.weighting = 'micro'
where (shown.delta is null) <> (paired.delta is null) or abs(shown.delta - paired.delta) > 1e-9
