DROP TABLE contradiction
