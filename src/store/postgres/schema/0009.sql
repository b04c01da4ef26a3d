-- What is stored about winning prospects: versions of outcomes by the key of the attempt (kind 0), requests of data subjects
-- by their party (kind 1), and versions of the model by the key of the request (kind 2).
CREATE TABLE profitscore.prospect_records (
    tenant integer NOT NULL,
    seq bigint NOT NULL,
    kind smallint NOT NULL,
    key text COLLATE "C" NOT NULL,
    body jsonb NOT NULL,
    record_seconds bigint NOT NULL,
    record_nanos integer NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE INDEX prospect_records_key ON profitscore.prospect_records (tenant, kind, key, seq);
