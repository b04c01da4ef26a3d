-- Calendar months that were closed, as their number of months since the year 0.
CREATE TABLE profitscore.closings (
    tenant integer NOT NULL,
    seq bigint NOT NULL,
    month integer NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    note text NOT NULL,
    record_seconds bigint NOT NULL,
    record_nanos integer NOT NULL,
    PRIMARY KEY (tenant, month)
);
