{{ config(meta={'dagster': {'ref': {'name': 'paired_deltas'}}}) }}
-- A column's difference is that of its subtasks: weighted by their questions (micro), or all alike (macro).
with parts as (
    select
        parts.split,
        parts.model,
        parts.mode,
        parts.contrast,
        columns.column,
        sum(parts.n) as n,
        sum(parts.delta * parts.n) / sum(parts.n) as micro,
        avg(parts.delta) as macro
    from {{ ref('paired_deltas') }} as parts
    inner join {{ ref('table_columns') }} as columns on columns.split = parts.split and columns.subtask = parts.column
    where parts.weighting = 'micro'
    group by all
)

select paired.split, paired.model, paired.mode, paired.contrast, paired.column, paired.weighting
from {{ ref('paired_deltas') }} as paired
left join parts using (split, model, mode, contrast, "column")
where parts.n is distinct from paired.n
    or not coalesce(
        abs(paired.delta - case paired.weighting when 'macro' then parts.macro else parts.micro end) <= 1e-9, false
    )
