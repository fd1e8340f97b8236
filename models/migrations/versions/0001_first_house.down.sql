-- Takes the first house down, with everything in it.

DROP TABLE roll_unit

DROP TABLE ballot

DROP TABLE share

DROP TABLE roll_entry

DROP TABLE receipt

DROP TABLE objection

DROP TABLE inspection

DROP TABLE contract

DROP TABLE certificate

DROP TABLE bid

DROP TABLE award

DROP TABLE work_item

DROP TABLE ticket

DROP TABLE tender

DROP TABLE survey_answer

DROP TABLE share_total

DROP TABLE scheme

DROP TABLE relief

DROP TABLE refund

DROP TABLE publication

DROP TABLE private.unit_owner

DROP TABLE payment

DROP TABLE notice

DROP TABLE instalment

DROP TABLE event

DROP TABLE evaluation

DROP TABLE ballot_box

DROP TABLE unit

DROP TABLE renovation

DROP TABLE role_grant

DROP TABLE estate

DROP TABLE private.person

DROP TABLE place

DROP FUNCTION refuse_change()

DROP SCHEMA private

REVOKE USAGE ON SCHEMA public FROM gongjian_app
