DROP TABLE roll_import
