DROP TABLE ballot_check
