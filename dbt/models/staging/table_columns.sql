-- The columns of the tables that a subtask belongs to: itself, and in the text split its category (some bear the name
-- of their only subtask) and its task type; and overall.
select 'text' as split, name as subtask, name as "column" from {{ source('clinseek', 'text_subtasks') }}
union
select 'text' as split, name as subtask, category as "column" from {{ source('clinseek', 'text_subtasks') }}
union
select 'text' as split, name as subtask, task_type as "column" from {{ source('clinseek', 'text_subtasks') }}
union
select distinct 'multimodal' as split, subtask, subtask as "column" from {{ source('clinseek', 'multimodal_questions') }}
union
select distinct split, subtask, 'overall' as "column" from {{ ref('questions') }}
