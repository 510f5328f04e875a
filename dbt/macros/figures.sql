-- A split's table in long form: one row a model, arm, rule and column. `column_of` is the field of `subtask_scores` that
-- names the columns; `overall` is a mean over all questions of the split.
{% macro figures(split, column_of) %}
with of_split as (
    select * from {{ ref('subtask_scores') }} where split = '{{ split }}'
),

columns as (
    select *, {{ column_of }} as "column" from of_split
    union all
    select *, 'overall' as "column" from of_split
),

figures as (
    select
        model,
        arm,
        mode,
        "column",
        sum(questions) as questions,
        sum(n) as n,
        sum(n) / sum(questions) as coverage,
        sum(f1 * n) / sum(n) as f1,
        avg(f1) as f1_macro,
        sum(f1_if_missing_wrong * questions) / sum(questions) as f1_if_missing_wrong,
        sum(f1_if_missing_right * questions) / sum(questions) as f1_if_missing_right,
        sum(f1_undecided * (n - n_decided)) / nullif(sum(n - n_decided), 0) as f1_undecided,
        sum(n_decided) as n_decided,
        sum(yes_questions) / nullif(sum(yes_no_questions), 0) as yes_prevalence,
        count(*) as subtasks,
        min(questions) <> max(questions) as sizes_differ
    from columns
    group by all
)

select
    figures.*,
    -- Both means may differ in their last digit. `least` passes over NULL, and an unknown interval has to stay unknown.
    if(micro.low is null, null, least(micro.low, figures.f1)) as low,
    if(micro.high is null, null, greatest(micro.high, figures.f1)) as high,
    macro.low as macro_low,
    macro.high as macro_high,
    micro.patients,
    micro.small,
    micro.tied_with_best
from figures
left join {{ source('clinseek', split ~ '_intervals') }} as micro
    on micro.model = figures.model
    and micro.arm = figures.arm
    and micro.mode = figures.mode
    and micro.column = figures.column
    and micro.weighting = 'micro'
left join {{ source('clinseek', split ~ '_intervals') }} as macro
    on macro.model = figures.model
    and macro.arm = figures.arm
    and macro.mode = figures.mode
    and macro.column = figures.column
    and macro.weighting = 'macro'
order by figures.model, figures.arm, figures.mode, figures.column
{% endmacro %}
