#!/bin/sh
# Runs once, when the data volume is empty: the two roles of gongjian, the role of Temporal, and
# their databases. The owner migrates; the application role gets its rights from the migrations.
set -eu
psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres \
  --set owner_password="$GONGJIAN_OWNER_PASSWORD" \
  --set app_password="$GONGJIAN_APP_PASSWORD" \
  --set temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE gongjian_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE gongjian_app LOGIN PASSWORD :'app_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE gongjian OWNER gongjian_owner ENCODING 'UTF8';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE gongjian FROM PUBLIC;
REVOKE CONNECT ON DATABASE temporal FROM PUBLIC;
REVOKE CONNECT ON DATABASE temporal_visibility FROM PUBLIC;
GRANT CONNECT ON DATABASE gongjian TO gongjian_app;
SQL
