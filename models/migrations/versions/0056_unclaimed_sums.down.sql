DROP TABLE private.unclaimed_sum
