-- Every value that is there lies in 0 to 1, give or take rounding.
{% test is_a_fraction(model, column_name) %}
select {{ column_name }} from {{ model }} where {{ column_name }} not between -1e-12 and 1 + 1e-12
{% endtest %}
