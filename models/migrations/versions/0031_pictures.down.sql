DROP TABLE published_picture

DROP TABLE private.picture
