{# The American part of the value of a vehicle that qualifies under the USMCA, which the duties on vehicles leave out: an estimate of
   the Budget Lab at Yale (us_auto_content_share of its tariff tracker); no public figure is held. #}
{% macro us_content_of_cars() %}{{ return(0.4) }}{% endmacro %}
