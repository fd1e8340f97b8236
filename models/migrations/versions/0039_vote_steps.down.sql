DROP TABLE vote_step
