DROP TABLE portal_session
