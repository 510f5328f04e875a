-- A split's table in the published layout: each column seeking | curated | difference, as fractions, once for each policy
-- of time. Under one policy both settings may see the same, so that only who looks for the evidence differs: the strict
-- policy (the headline), and the published rule. What was not run is empty. A difference uses the questions that both
-- settings answered.
--
-- split: `text` or `multimodal`.
-- columns: name in the table -> column of the figures; `overall` among them.
-- column_of: the field of a scored question that names its column.
-- undecided: the names of columns that are also shown without the questions that were decided before their moment.
{% macro leaderboard(split, columns, column_of, undecided=[]) %}
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
    select
        arms.policy,
        arms.setting,
        scores.model,
        scores.mode,
        scores.{{ column_of }} as "column",
        scores.row_number,
        scores.f1
    from {{ ref('question_scores') }} as scores
    inner join arms using (arm)
    where scores.split = '{{ split }}' and scores.f1 is not null
),

compared as (
    select
        seeking.model,
        seeking.mode,
        seeking.policy,
        seeking.column,
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
        {% for name, column in columns.items() %}
        avg(delta) {% if name != 'overall' %}filter (where "column" = '{{ column }}'){% endif %} as {{ name }}_delta,
        {% endfor %}
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
        {% if name != 'overall' %}
        any_value(yes_prevalence) filter (where "column" = '{{ column }}') as {{ name }}_yes_prevalence,
        {% endif %}
        {% endfor %}
        {% for setting in settings %}
        any_value(f1_macro) filter (where "column" = 'overall' and setting = '{{ setting }}' and sizes_differ)
            as overall_{{ setting }}_macro,
        {% for name in undecided %}
        any_value(f1_undecided)
            filter (where "column" = '{{ columns[name] }}' and setting = '{{ setting }}' and n_decided > 0)
            as {{ name }}_{{ setting }}_undecided,
        {% endfor %}
        any_value(coverage) filter (where "column" = 'overall' and setting = '{{ setting }}') as {{ setting }}_coverage,
        any_value(f1_if_missing_wrong) filter (where "column" = 'overall' and setting = '{{ setting }}')
            as overall_{{ setting }}_if_missing_wrong,
        any_value(f1_if_missing_right) filter (where "column" = 'overall' and setting = '{{ setting }}')
            as overall_{{ setting }}_if_missing_right,
        any_value(low) filter (where "column" = 'overall' and setting = '{{ setting }}') as overall_{{ setting }}_low,
        any_value(high) filter (where "column" = 'overall' and setting = '{{ setting }}') as overall_{{ setting }}_high,
        {% endfor %}
        max(questions) as questions
    from {{ ref(split ~ '_figures') }} as figures
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
{% endmacro %}
