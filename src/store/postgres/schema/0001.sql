-- What is written for every tenant: the ledger, the ids in it, and the records beside it.
-- Texts are compared by their bytes everywhere, as the program does.

CREATE TABLE profitscore.settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    currency text NOT NULL,
    time_zone text NOT NULL
);

-- A tenant's last position: writes count from 1 without gaps.
CREATE TABLE profitscore.tenants (
    tenant integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    position bigint NOT NULL DEFAULT 0
);

-- Every id that was ever used, across customers.
CREATE TABLE profitscore.ids (
    tenant integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- One row for each activity and one for each reversal, which has the customer, the day and the dimensions of what it
-- takes back, and its amounts with the other sign. Nothing is ever changed.
CREATE TABLE profitscore.ledger (
    seq bigint NOT NULL,
    tenant integer NOT NULL,
    day integer NOT NULL,
    -- What the amounts are of: see posting.rs.
    what smallint NOT NULL,
    -- 1, or -1 for a reversal.
    live smallint NOT NULL,
    customer text COLLATE "C" NOT NULL,
    -- Micro-units: what sales add, what is taken off, and what was billed or paid.
    gross bigint,
    discount bigint,
    cost bigint,
    deduction bigint,
    money bigint,
    -- Millionths.
    quantity bigint,
    -- Thousandths of a minute.
    minutes bigint,
    role text COLLATE "C",
    branch text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    manager text COLLATE "C" NOT NULL,
    -- The position of what a reversal takes back.
    target bigint,
    occur_seconds bigint NOT NULL,
    record_seconds bigint NOT NULL,
    occur_nanos integer NOT NULL,
    record_nanos integer NOT NULL,
    -- All of the entry.
    body bytea NOT NULL,
    PRIMARY KEY (tenant, seq, customer)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE INDEX ledger_customer ON profitscore.ledger (tenant, customer, seq);
CREATE INDEX ledger_day ON profitscore.ledger (tenant, day)
    INCLUDE (customer, seq, what, live, gross, discount, cost, deduction, money, quantity, minutes, role);
CREATE UNIQUE INDEX ledger_target ON profitscore.ledger (tenant, target, customer) WHERE target IS NOT NULL;

-- Versions of parties; each holds from its own position to before the next one.
CREATE TABLE profitscore.parties (
    tenant integer NOT NULL,
    party text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    until bigint NOT NULL,
    -- 0 a prospect, 1 a customer.
    stage smallint NOT NULL,
    name text NOT NULL,
    traits jsonb NOT NULL,
    PRIMARY KEY (tenant, party, seq)
);

CREATE TABLE profitscore.trait_definitions (
    tenant integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    definition jsonb NOT NULL,
    PRIMARY KEY (tenant, key, seq)
);

CREATE TABLE profitscore.cost_models (
    tenant integer NOT NULL,
    version bigint NOT NULL,
    seq bigint NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    model jsonb NOT NULL,
    PRIMARY KEY (tenant, version)
);
