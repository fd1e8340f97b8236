DROP TABLE case_trouble
