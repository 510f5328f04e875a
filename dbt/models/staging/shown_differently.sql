-- What only one policy of time shows, by subtask, over all questions of the release that have a record: in the curated
-- arms as the strict contexts count it against the published ones, in the seeking arms as the leak audit counts it over
-- the whole record. A figure that the audit keeps back, being of too few patients, is NULL.
{% for split in ['text', 'multimodal'] %}
select
    '{{ split }}' as split,
    'curated-curated_strict' as contrast,
    subtask,
    sum(rows_curated_only) as rows_published_only,
    sum(values_curated_only) as values_published_only,
    sum(rows_strict_only) as rows_strict_only
from {{ source('clinseek', split ~ '_strict_contexts') }}
group by subtask
union all
select
    '{{ split }}' as split,
    'seeking_compat-seeking' as contrast,
    subtask,
    hidden_rows as rows_published_only,
    hidden_values as values_published_only,
    strict_only_rows as rows_strict_only
from {{ source('clinseek', split ~ '_leak_audit') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
