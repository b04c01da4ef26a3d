-- Versions of price terms: by what a customer buys from a day on; each version holds from its own position on.
CREATE TABLE profitscore.price_terms (
    tenant integer NOT NULL,
    customer text COLLATE "C" NOT NULL,
    -- From 1970-01-01.
    first_day integer NOT NULL,
    seq bigint NOT NULL,
    -- Empty for none.
    price_list text NOT NULL,
    discount_tier text NOT NULL,
    -- In millionths of the list price.
    nominal_discount integer,
    record_seconds bigint NOT NULL,
    record_nanos integer NOT NULL,
    PRIMARY KEY (tenant, customer, first_day, seq)
);

-- For who reads everything in its order.
CREATE INDEX price_terms_seq ON profitscore.price_terms (tenant, seq);
