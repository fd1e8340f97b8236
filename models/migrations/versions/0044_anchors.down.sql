DROP TABLE witnessed

DROP TABLE anchor_cosignature

DROP TABLE anchor

DROP TABLE anchor_leaf
