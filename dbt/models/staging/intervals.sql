-- The intervals of both splits.
select 'text' as split, * from {{ source('clinseek', 'text_intervals') }}
union all
select 'multimodal' as split, * from {{ source('clinseek', 'multimodal_intervals') }}
