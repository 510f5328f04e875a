-- The contrasts, fixed before the first run: who looks for the evidence under the strict policy of time (the headline)
-- and under the published rule, and what the published rule does to either.
select *
from (
    values
    ('seeking-curated_strict', 'seeking', 'curated_strict', 'seeker'),
    ('seeking_compat-curated', 'seeking_compat', 'curated', 'seeker'),
    ('curated-curated_strict', 'curated', 'curated_strict', 'policy'),
    ('seeking_compat-seeking', 'seeking_compat', 'seeking', 'policy')
) as listed (contrast, first_arm, second_arm, differs_in)
