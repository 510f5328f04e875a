{{ config(meta={'dagster': {'ref': {'name': 'text_figures'}}}) }}
-- SQL here and the statistics there compute the same means independently.
{% for split in ['text', 'multimodal'] %}
select figures.model, figures.arm, figures.mode, figures.column
from {{ ref(split ~ '_figures') }} as figures
left join {{ source('clinseek', split ~ '_intervals') }} as intervals
    using (model, arm, mode, "column")
where figures.n > 0
    and intervals.weighting = 'micro'
    and (intervals.n <> figures.n or abs(intervals.f1 - figures.f1) > 1e-9)
{% if not loop.last %}union all{% endif %}
{% endfor %}
