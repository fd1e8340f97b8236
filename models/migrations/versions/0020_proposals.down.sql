DROP TABLE proposal
