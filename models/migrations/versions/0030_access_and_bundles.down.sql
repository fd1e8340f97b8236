DROP TABLE private.bundle_piece

DROP TABLE private.bundle_file

DROP FUNCTION private.forget_access(TIMESTAMP WITH TIME ZONE)

DROP TABLE private.access
