-- Versions of exchange rates; each holds from its own position on.
CREATE TABLE profitscore.exchange_rates (
    tenant integer NOT NULL,
    source_currency text COLLATE "C" NOT NULL,
    target_currency text COLLATE "C" NOT NULL,
    -- From 1970-01-01.
    day integer NOT NULL,
    seq bigint NOT NULL,
    -- The digits of the rate, and how many of them stand after its point.
    mantissa bigint NOT NULL,
    scale smallint NOT NULL,
    source text NOT NULL,
    record_seconds bigint NOT NULL,
    record_nanos integer NOT NULL,
    PRIMARY KEY (tenant, source_currency, target_currency, day, seq)
);

-- For who reads everything in its order.
CREATE INDEX exchange_rates_seq ON profitscore.exchange_rates (tenant, seq);
