DROP TABLE private.saved_view
