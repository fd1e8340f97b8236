DROP TABLE private.used_assertion

DROP TABLE private.api_key

DROP TABLE private.api_client
