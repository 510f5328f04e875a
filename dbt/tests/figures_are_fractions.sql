{{ config(meta={'dagster': {'ref': {'name': 'multimodal_figures'}}}) }}
-- Every figure lies between its two bounds, and all of them between 0 and 1.
{% for figures in ['text_figures', 'multimodal_figures'] %}
select model, arm, mode, "column"
from {{ ref(figures) }}
where not (
    f1_if_missing_wrong between 0 and 1
    and f1_if_missing_right between 0 and 1
    and f1_if_missing_wrong <= f1_if_missing_right + 1e-12
    and (f1 is null or f1 between f1_if_missing_wrong - 1e-12 and f1_if_missing_right + 1e-12)
    and coverage between 0 and 1
)
{% if not loop.last %}union all{% endif %}
{% endfor %}
