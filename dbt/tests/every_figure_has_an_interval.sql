{{ config(meta={'dagster': {'ref': {'name': 'multimodal_figures'}}}) }}
-- A figure over two patients or more has an interval that holds it.
{% for figures in ['text_figures', 'multimodal_figures'] %}
select model, arm, mode, "column"
from {{ ref(figures) }}
where n > 0 and coalesce(patients, 0) <> 1 and not coalesce(f1 between low - 1e-12 and high + 1e-12, false)
{% if not loop.last %}union all{% endif %}
{% endfor %}
