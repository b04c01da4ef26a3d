-- Versions of products with their categories; each holds from its own position to before the next one. An empty category
-- is none.
CREATE TABLE profitscore.products (
    tenant integer NOT NULL,
    product text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    record_seconds bigint NOT NULL,
    record_nanos integer NOT NULL,
    PRIMARY KEY (tenant, product, seq)
);
