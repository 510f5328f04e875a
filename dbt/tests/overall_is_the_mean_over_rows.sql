-- Overall counts every question alike: its groups' means, weighted by their scored questions, give it.
with parts as (
    select model, arm, mode, sum(f1 * n) / nullif(sum(n), 0) as f1, sum(n) as n, sum(questions) as questions
    from {{ ref('multimodal_figures') }}
    where "column" <> 'overall'
    group by all
)

select overall.model, overall.arm, overall.mode
from {{ ref('multimodal_figures') }} as overall
left join parts using (model, arm, mode)
where overall.column = 'overall'
    and (
        parts.n is distinct from overall.n
        or parts.questions is distinct from overall.questions
        or abs(parts.f1 - overall.f1) > 1e-9
    )
