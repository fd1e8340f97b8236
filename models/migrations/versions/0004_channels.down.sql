DROP TABLE official_result

DROP TABLE door_visit

DROP TABLE mandate_revocation

DROP TABLE mandate

DROP TABLE paper_cast

DROP TABLE paper_line

DROP TABLE paper_entry

DROP TABLE paper_batch
