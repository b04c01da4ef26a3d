-- When records were taken in, so that another store can have all that is known of them. What was stored before is told to
-- be of the beginning of 1970.
ALTER TABLE profitscore.parties
    ADD COLUMN record_seconds bigint NOT NULL DEFAULT 0,
    ADD COLUMN record_nanos integer NOT NULL DEFAULT 0;
ALTER TABLE profitscore.trait_definitions
    ADD COLUMN record_seconds bigint NOT NULL DEFAULT 0,
    ADD COLUMN record_nanos integer NOT NULL DEFAULT 0;

-- For who reads everything in its order.
CREATE INDEX parties_seq ON profitscore.parties (tenant, seq);
