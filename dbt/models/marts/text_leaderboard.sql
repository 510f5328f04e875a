-- The published layout: Risk, Decision, Overall, each seeking | curated | difference, as fractions. What was not run is
-- empty. A difference uses the questions that both arms answered.
{% set columns = {'risk': 'risk_prediction', 'decision': 'decision_making', 'overall': 'overall'} %}
with compared as (
    select
        seeking.model,
        seeking.mode,
        seeking.task_type,
        seeking.f1 - curated.f1 as delta
    from {{ ref('question_scores') }} as seeking
    inner join {{ ref('question_scores') }} as curated using (model, mode, row_number)
    where seeking.arm = 'seeking' and curated.arm = 'curated' and seeking.f1 is not null and curated.f1 is not null
),

deltas as (
    select
        model,
        mode,
        avg(delta) filter (where task_type = 'risk_prediction') as risk_delta,
        avg(delta) filter (where task_type = 'decision_making') as decision_delta,
        avg(delta) as overall_delta
    from compared
    group by all
),

wide as (
    select
        figures.model,
        figures.mode,
        any_value(participants.kind) as kind,
        {% for name, column in columns.items() %}
        {% for arm in ['seeking', 'curated'] %}
        any_value(f1) filter (where "column" = '{{ column }}' and arm = '{{ arm }}') as {{ name }}_{{ arm }},
        {% endfor %}
        {% endfor %}
        {% for arm in ['seeking', 'curated'] %}
        any_value(f1_macro) filter (where "column" = 'overall' and arm = '{{ arm }}' and sizes_differ)
            as overall_{{ arm }}_macro,
        any_value(f1_undecided) filter (where "column" = 'risk_prediction' and arm = '{{ arm }}' and n_decided > 0)
            as risk_{{ arm }}_undecided,
        any_value(coverage) filter (where "column" = 'overall' and arm = '{{ arm }}') as {{ arm }}_coverage,
        {% endfor %}
        max(questions) as questions
    from {{ ref('text_figures') }} as figures
    inner join {{ source('clinseek', 'participants') }} as participants using (model)
    where arm in ('seeking', 'curated')
    group by all
),

ranked as (
    select
        *,
        {% for arm in ['seeking', 'curated'] %}
        kind <> 'floor' and coalesce({{ arm }}_coverage >= {{ var('least_coverage') }}, false) as {{ arm }}_ranked,
        {% endfor %}
    from wide
)

select
    ranked.* exclude (seeking_ranked, curated_ranked),
    {% for name in columns %}
    deltas.{{ name }}_delta,
    {% endfor %}
    {% for arm in ['seeking', 'curated'] %}
    case
        when {{ arm }}_ranked
            then rank() over (partition by mode, {{ arm }}_ranked order by overall_{{ arm }} desc)
    end as {{ arm }}_rank,
    {% endfor %}
from ranked
left join deltas using (model, mode)
order by mode desc, kind = 'floor', coalesce(overall_seeking, overall_curated) desc nulls last, model
