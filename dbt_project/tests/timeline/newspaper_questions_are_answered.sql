-- Prevents the two newspaper articles of January and March 2018 from becoming unanswerable: one row a question (what was
-- demanded, who refused, what became of it) to which the positions or origin rules no longer hold the answer.
{{ config(meta={'dagster': {'ref': {'name': 'seed_position'}}}) }}
with questions as (
    select * from (
        values
            -- the baseline and the demands of October 2017
            ('NAFTA content before the talks', 'nafta-notice-congress-2017', 'USA;CAN;MEX', 'rules_of_origin_autos', 62.5, 'maintained'),
            ('85 percent North American content demanded', 'nafta-auto-roo-proposal-2017-10', 'USA', 'rules_of_origin_autos', 85, 'proposed'),
            ('50 percent US content demanded', 'nafta-auto-roo-proposal-2017-10', 'USA', 'rules_of_origin_autos', 50, 'proposed'),
            ('Canada refuses US content', 'nafta-auto-roo-proposal-2017-10', 'CAN', 'rules_of_origin_autos', 50, 'rejected'),
            ('Mexico refuses US content', 'nafta-auto-roo-proposal-2017-10', 'MEX', 'rules_of_origin_autos', 50, 'rejected'),
            -- round six, January 2018
            ('85 percent still demanded in round six', 'nafta-round6-end', 'USA', 'rules_of_origin_autos', 85, 'maintained'),
            ('50 percent still demanded in round six', 'nafta-round6-end', 'USA', 'rules_of_origin_autos', 50, 'maintained'),
            ('Canada wants research and IP counted', 'nafta-canada-auto-idea-2018-01', 'CAN', 'rules_of_origin_autos', null, 'proposed'),
            ('US finds that idea vague', 'nafta-round6-end', 'USA', 'rules_of_origin_autos', null, 'rejected'),
            ('US turns that idea down', 'nafta-us-rejects-canada-auto-2018-01', 'USA', 'rules_of_origin_autos', null, 'rejected'),
            ('Factory jobs and the threat to leave', 'nafta-round6-end', 'USA', 'process', null, 'maintained'),
            -- March 2018
            ('50 percent demand dropped', 'nafta-us-content-dropped-2018-03', 'USA', 'rules_of_origin_autos', 50, 'dropped'),
            ('Positions on autos converge', 'nafta-waysmeans-2018-03', 'USA', 'rules_of_origin_autos', null, 'softened'),
            ('Procurement cap still wanted', 'nafta-waysmeans-2018-03', 'USA', 'procurement', null, 'maintained'),
            ('Dispute settlement still contested', 'nafta-waysmeans-2018-03', 'USA', 'dispute_resolution', null, 'maintained'),
            ('IP demands on Canada', 'nafta-waysmeans-2018-03', 'USA', 'ip', null, 'maintained'),
            ('Parcel threshold demands on Canada', 'nafta-waysmeans-2018-03', 'USA', 'de_minimis', null, 'maintained'),
            -- other demands of the talks
            ('End of Chapter 19 demanded', 'nafta-objectives-2017-07', 'USA', 'dispute_resolution', null, 'proposed'),
            ('Five-year expiry demanded', 'nafta-sunset-proposal-2017-10', 'USA', 'sunset', 5, 'proposed'),
            ('Procurement cap demanded', 'nafta-round4-start', 'USA', 'procurement', null, 'proposed'),
            ('End of supply management demanded', 'nafta-round4-start', 'USA', 'dairy', null, 'proposed'),
            ('85 becomes 75 in May 2018', 'nafta-us-75-offer-2018-05', 'USA', 'rules_of_origin_autos', 75, 'softened'),
            -- what each became
            ('Outcome: 66 percent content at the start', 'usmca-entry-into-force', 'USA;CAN;MEX', 'rules_of_origin_autos', 66, 'agreed'),
            ('Outcome: 75 percent content at the end', 'usmca-rvc-75', 'USA;CAN;MEX', 'rules_of_origin_autos', 75, 'agreed'),
            ('Outcome: no content for one country', 'usmca-entry-into-force', 'USA;CAN;MEX', 'rules_of_origin_autos', null, 'agreed'),
            ('Outcome: labour value, passenger vehicles', 'usmca-entry-into-force', 'USA;CAN;MEX', 'labor', 40, 'agreed'),
            ('Outcome: labour value, trucks', 'usmca-entry-into-force', 'USA;CAN;MEX', 'labor', 45, 'agreed'),
            ('Outcome: high-wage threshold', 'usmca-entry-into-force', 'USA;CAN;MEX', 'labor', 16, 'agreed'),
            ('Outcome: steel and aluminium purchases', 'usmca-entry-into-force', 'USA;CAN;MEX', 'steel_aluminum', 70, 'agreed'),
            ('Outcome: research and IP as content', 'usmca-entry-into-force', 'USA;CAN;MEX', 'rules_of_origin_autos', 10, 'agreed'),
            ('Outcome: investor-state arbitration', 'usmca-entry-into-force', 'USA;CAN', 'dispute_resolution', 3, 'agreed'),
            ('Outcome: trade remedy panels', 'usmca-concluded-2018-09', 'USA;CAN', 'dispute_resolution', null, 'agreed'),
            ('Outcome: dispute panels in the protocol', 'usmca-protocol-2019-12', 'USA;CAN;MEX', 'dispute_resolution', null, 'agreed'),
            ('Outcome: procurement cap', 'usmca-concluded-2018-09', 'USA', 'procurement', null, 'dropped'),
            ('Outcome: Canada without a procurement chapter', 'usmca-entry-into-force', 'USA;CAN', 'procurement', null, 'agreed'),
            ('Outcome: copyright term in Canada', 'usmca-entry-into-force', 'CAN', 'ip', 70, 'agreed'),
            ('Outcome: end of the US parcel limit', 'de-minimis-end-2025-08', 'USA', 'de_minimis', 800, 'dropped'),
            ('Outcome: biologics term in the first text', 'usmca-concluded-2018-09', 'USA;CAN;MEX', 'ip', 10, 'agreed'),
            ('Outcome: biologics term in the protocol', 'usmca-protocol-2019-12', 'USA;CAN;MEX', 'ip', 10, 'dropped'),
            ('Outcome: Canadian duty limit for parcels', 'usmca-entry-into-force', 'CAN', 'de_minimis', 150, 'agreed'),
            ('Outcome: Canadian tax limit for parcels', 'usmca-entry-into-force', 'CAN', 'de_minimis', 40, 'agreed'),
            ('Outcome: Mexican duty limit for parcels', 'usmca-entry-into-force', 'MEX', 'de_minimis', 117, 'agreed'),
            ('Outcome: term instead of expiry', 'usmca-entry-into-force', 'USA;CAN;MEX', 'sunset', 16, 'agreed'),
            ('Outcome: dairy access', 'usmca-concluded-2018-09', 'CAN', 'dairy', 3.6, 'agreed'),
            ('Outcome: agreement, not withdrawal', 'usmca-concluded-2018-09', 'USA;CAN;MEX', 'process', null, 'agreed')
    ) as asked (question, event_id, party, topic, value, status)
),

unanswered_positions as (
    select questions.question
    from questions
    where not exists (
        select 1
        from {{ ref('seed_position') }} as positions
        where positions.event_id = questions.event_id
            and positions.party = questions.party
            and positions.topic = questions.topic
            and positions.value is not distinct from questions.value
            and positions.status = questions.status
    )
),

rule_questions as (
    select * from (
        values
            ('Rule: NAFTA content of cars on the day of round six', 'NAFTA', 'light_vehicle', 'regional_value_content', 'vehicle', date '2018-01-29', 62.5),
            ('Rule: USMCA content of cars today', 'USMCA', 'light_vehicle', 'regional_value_content', 'vehicle', date '2026-01-01', 75),
            ('Rule: USMCA labour value of passenger vehicles today', 'USMCA', 'passenger_vehicle', 'labor_value_content', 'vehicle', date '2026-01-01', 40),
            ('Rule: USMCA labour value of light trucks today', 'USMCA', 'light_truck', 'labor_value_content', 'vehicle', date '2026-01-01', 45),
            ('Rule: steel purchases today', 'USMCA', 'all_vehicles', 'steel_purchase_share', 'vehicle', date '2026-01-01', 70),
            ('Rule: aluminium purchases today', 'USMCA', 'all_vehicles', 'aluminum_purchase_share', 'vehicle', date '2026-01-01', 70)
    ) as asked (question, agreement, vehicle_class, requirement, part_class, on_day, threshold_pct)
),

unanswered_rules as (
    select rule_questions.question
    from rule_questions
    where 1 <> (
        select count(*)
        from {{ ref('seed_origin_rule') }} as rules
        where rules.agreement = rule_questions.agreement
            and rules.vehicle_class = rule_questions.vehicle_class
            and rules.requirement = rule_questions.requirement
            and rules.part_class = rule_questions.part_class
            and rules.threshold_pct = rule_questions.threshold_pct
            and rule_questions.on_day >= rules.effective_from
            and (rules.effective_to is null or rule_questions.on_day <= rules.effective_to)
    )
)

select question from unanswered_positions
union all
select question from unanswered_rules
