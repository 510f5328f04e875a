-- The scores of both splits, a row an answer and rule.
select 'text' as split, * from {{ source('clinseek', 'text_scores') }}
union all
select 'multimodal' as split, * from {{ source('clinseek', 'multimodal_scores') }}
