-- The card's differences are those of its rounded figures, give or take the rounding of three numbers.
select model, "column"
from {{ ref('published_text_scores') }}
where delta is not null and abs(seeking - curated - delta) > 0.15
