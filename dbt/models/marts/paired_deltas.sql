-- Each contrast of two arms on the questions that both answered. The differences, their intervals and their tests come
-- from the statistics; the means of either arm are computed here, so that the tests hold one against the other.
with common as (
    select
        arms.contrast,
        first.split,
        first.model,
        first.mode,
        first.subtask,
        count(*) as n,
        avg(first.f1) as first_f1,
        avg(second.f1) as second_f1
    from {{ ref('contrasted_arms') }} as arms
    inner join {{ ref('question_scores') }} as first on first.arm = arms.first_arm
    inner join {{ ref('question_scores') }} as second
        on second.arm = arms.second_arm
        and second.split = first.split
        and second.model = first.model
        and second.mode = first.mode
        and second.row_number = first.row_number
    where first.f1 is not null and second.f1 is not null
    group by all
),

compared as (
    select
        common.split,
        common.model,
        common.mode,
        common.contrast,
        columns.column,
        sum(common.n) as n,
        count(*) as subtasks,
        sum(common.first_f1 * common.n) / sum(common.n) as first_micro,
        sum(common.second_f1 * common.n) / sum(common.n) as second_micro,
        avg(common.first_f1) as first_macro,
        avg(common.second_f1) as second_macro,
        {% for figure in ['rows_published_only', 'values_published_only', 'rows_strict_only'] %}
        -- Unknown as soon as one part is: a sum of the others would pass for the whole.
        if(count(shown.{{ figure }}) = count(*), sum(shown.{{ figure }}), null)::bigint as {{ figure }},
        {% endfor %}
    from common
    inner join {{ ref('table_columns') }} as columns using (split, subtask)
    left join {{ ref('shown_differently') }} as shown using (split, contrast, subtask)
    group by all
),

levels as (
    select
        scores.split,
        scores.model,
        scores.arm,
        scores.mode,
        columns.column,
        weighting,
        sum(n) / sum(questions) as coverage,
        {% for bound in ['f1_if_missing_wrong', 'f1_if_missing_right'] %}
        if(weighting = 'macro', avg({{ bound }}), sum({{ bound }} * questions) / sum(questions)) as {{ bound }},
        {% endfor %}
    from {{ ref('subtask_scores') }} as scores
    inner join {{ ref('table_columns') }} as columns using (split, subtask)
    cross join (values ('micro'), ('macro')) as weightings (weighting)
    group by scores.split, scores.model, scores.arm, scores.mode, columns.column, weighting
)

select
    contrasts.split,
    contrasts.model,
    participants.kind,
    contrasts.mode,
    contrasts.contrast,
    arms.differs_in,
    contrasts.column,
    contrasts.level,
    contrasts.weighting,
    contrasts.delta,
    -- A t interval of few patients may leave the range of a difference; `greatest` passes over NULL.
    if(contrasts.low is null, null, greatest(contrasts.low, -1)) as low,
    if(contrasts.high is null, null, least(contrasts.high, 1)) as high,
    contrasts.boot_low,
    contrasts.boot_high,
    contrasts.p,
    contrasts.p_holm,
    contrasts.p_bh,
    coalesce(contrasts.p_holm, contrasts.p_bh) >= {{ var('significance') }} as tied,
    contrasts.mde,
    contrasts.n,
    contrasts.patients,
    contrasts.small,
    compared.subtasks,
    {% for arm in ['first', 'second'] %}
    arms.{{ arm }}_arm,
    if(contrasts.weighting = 'macro', compared.{{ arm }}_macro, compared.{{ arm }}_micro) as {{ arm }}_f1,
    {{ arm }}_level.coverage as {{ arm }}_coverage,
    {{ arm }}_level.f1_if_missing_wrong as {{ arm }}_if_missing_wrong,
    {{ arm }}_level.f1_if_missing_right as {{ arm }}_if_missing_right,
    {% endfor %}
    compared.rows_published_only,
    compared.values_published_only,
    compared.rows_strict_only
from {{ ref('contrasts') }} as contrasts
inner join {{ ref('contrasted_arms') }} as arms using (contrast)
inner join {{ source('clinseek', 'participants') }} as participants using (model)
left join compared using (split, model, mode, contrast, "column")
{% for arm in ['first', 'second'] %}
left join levels as {{ arm }}_level
    on {{ arm }}_level.arm = arms.{{ arm }}_arm
    and {{ arm }}_level.split = contrasts.split
    and {{ arm }}_level.model = contrasts.model
    and {{ arm }}_level.mode = contrasts.mode
    and {{ arm }}_level.column = contrasts.column
    and {{ arm }}_level.weighting = contrasts.weighting
{% endfor %}
order by
    contrasts.split desc, contrasts.mode desc, contrasts.model, contrasts.contrast, contrasts.column, contrasts.weighting
