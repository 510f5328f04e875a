{{ config(meta={'dagster': {'ref': {'name': 'subtask_scores'}}}) }}
-- Nothing was joined twice.
select 'subtask_scores' as mart from {{ ref('subtask_scores') }} group by model, arm, mode, subtask having count(*) > 1
union all
select 'text_figures' as mart from {{ ref('text_figures') }} group by model, arm, mode, "column" having count(*) > 1
union all
select 'text_leaderboard' as mart from {{ ref('text_leaderboard') }} group by model, mode, policy having count(*) > 1
union all
select 'coverage' as mart from {{ ref('coverage') }} group by model, arm, "column" having count(*) > 1
