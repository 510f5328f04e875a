-- The differences between arms of both splits.
select 'text' as split, * from {{ source('clinseek', 'text_contrasts') }}
union all
select 'multimodal' as split, * from {{ source('clinseek', 'multimodal_contrasts') }}
