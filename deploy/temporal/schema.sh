#!/bin/sh
# Brings both schemas of the Temporal server up to the version of this image; safe to run again.
set -eu
versions=/etc/temporal/schema/postgresql/v12
for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  folder=${pair##*:}
  # An existing schema refuses the first step; the second one then says whether all is well.
  temporal-sql-tool --db "$database" setup-schema -v 0.0 || true
  temporal-sql-tool --db "$database" update-schema -d "$versions/$folder/versioned"
done
