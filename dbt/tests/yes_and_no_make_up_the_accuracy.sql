{{ config(meta={'dagster': {'ref': {'name': 'subtask_scores'}}}) }}
-- Where every question is answered by yes or no, sensitivity and specificity, weighted by the scored questions of each,
-- are the share of right answers; and without decided questions there is a figure only where undecided ones are left.
with counted as (
    select
        scores.split,
        scores.model,
        scores.arm,
        scores.mode,
        scores.subtask,
        count(*) filter (where asked.is_yes) as yes,
        count(*) filter (where not asked.is_yes) as no,
        avg(scores.exact_match) as right_answers,
        count(*) filter (where asked.is_yes and not scores.decided) as yes_undecided,
        count(*) filter (where not asked.is_yes and not scores.decided) as no_undecided
    from {{ ref('question_scores') }} as scores
    inner join {{ ref('questions') }} as asked using (split, row_number)
    where scores.f1 is not null
    group by all
)

select mart.split, mart.model, mart.arm, mart.mode, mart.subtask
from {{ ref('subtask_scores') }} as mart
inner join counted using (split, model, arm, mode, subtask)
where (
        mart.yes_no_questions = mart.questions
        and abs(
            (coalesce(mart.sensitivity, 0) * yes + coalesce(mart.specificity, 0) * no) / (yes + no) - right_answers
        ) > 1e-9
    )
    or (mart.sensitivity is null) <> (yes = 0)
    or (mart.specificity is null) <> (no = 0)
    or (mart.balanced_accuracy is null) <> (yes = 0 or no = 0)
    or (mart.sensitivity_undecided is null) <> (yes_undecided = 0)
    or (mart.specificity_undecided is null) <> (no_undecided = 0)
