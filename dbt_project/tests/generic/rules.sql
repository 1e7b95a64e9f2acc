{# Fails with each row that breaks one of `rules`, and says which. A rule has a `condition` about the columns of one row, which must be
   true, and what it `says` to a person whose row breaks it. One test a table instead of one a rule: a test costs about
   60 ms of every build, whatever it reads. #}
{% test rules(model, rules) %}
    {% for rule in rules %}
    select '{{ rule.says | replace("'", "''") }}' as broken_rule, *
    from {{ model }}
    where not coalesce({{ rule.condition }}, false)
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{% endtest %}
