-- The published layout: Risk, Decision, Overall, each seeking | curated | difference, as fractions, once for each policy of
-- time. Under one policy both settings may see the same, so that only who looks for the evidence differs: the strict
-- policy (the headline), and the published rule. What was not run is empty. A difference uses the questions that both
-- settings answered.
{% set columns = {'risk': 'risk_prediction', 'decision': 'decision_making', 'overall': 'overall'} %}
{% set settings = ['seeking', 'curated'] %}
with arms as (
    select *
    from (
        values
        ('strict', 'seeking', 'seeking'),
        ('strict', 'curated', 'curated_strict'),
        ('published', 'seeking', 'seeking_compat'),
        ('published', 'curated', 'curated')
    ) as listed (policy, setting, arm)
),

scored as (
    select arms.policy, arms.setting, scores.model, scores.mode, scores.task_type, scores.row_number, scores.f1
    from {{ ref('question_scores') }} as scores
    inner join arms using (arm)
    where scores.f1 is not null
),

compared as (
    select
        seeking.model,
        seeking.mode,
        seeking.policy,
        seeking.task_type,
        seeking.f1 - curated.f1 as delta
    from scored as seeking
    inner join scored as curated using (model, mode, policy, row_number)
    where seeking.setting = 'seeking' and curated.setting = 'curated'
),

deltas as (
    select
        model,
        mode,
        policy,
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
        arms.policy,
        any_value(participants.kind) as kind,
        {% for name, column in columns.items() %}
        {% for setting in settings %}
        any_value(f1) filter (where "column" = '{{ column }}' and setting = '{{ setting }}') as {{ name }}_{{ setting }},
        {% endfor %}
        {% endfor %}
        {% for setting in settings %}
        any_value(f1_macro) filter (where "column" = 'overall' and setting = '{{ setting }}' and sizes_differ)
            as overall_{{ setting }}_macro,
        any_value(f1_undecided) filter (where "column" = 'risk_prediction' and setting = '{{ setting }}' and n_decided > 0)
            as risk_{{ setting }}_undecided,
        any_value(coverage) filter (where "column" = 'overall' and setting = '{{ setting }}') as {{ setting }}_coverage,
        {% endfor %}
        max(questions) as questions
    from {{ ref('text_figures') }} as figures
    inner join arms using (arm)
    inner join {{ source('clinseek', 'participants') }} as participants using (model)
    group by all
),

ranked as (
    select
        *,
        {% for setting in settings %}
        kind <> 'floor' and coalesce({{ setting }}_coverage >= {{ var('least_coverage') }}, false) as {{ setting }}_ranked,
        {% endfor %}
    from wide
)

select
    ranked.* exclude (seeking_ranked, curated_ranked),
    {% for name in columns %}
    deltas.{{ name }}_delta,
    {% endfor %}
    {% for setting in settings %}
    case
        when {{ setting }}_ranked
            then rank() over (partition by mode, policy, {{ setting }}_ranked order by overall_{{ setting }} desc)
    end as {{ setting }}_rank,
    {% endfor %}
from ranked
left join deltas using (model, mode, policy)
order by
    mode desc, policy desc, kind = 'floor', coalesce(overall_seeking, overall_curated) desc nulls last, model
