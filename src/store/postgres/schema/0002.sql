-- A sum in eight bytes, in a third of the time that `sum(bigint)` takes. It fails where they do not suffice, and the
-- question is asked again with `sum`.
CREATE AGGREGATE profitscore.total (bigint)
    (SFUNC = int8pl, STYPE = bigint, INITCOND = '0', COMBINEFUNC = int8pl, PARALLEL = SAFE);

-- The sums of the whole ledger by day, kind and role. Versions: each holds from its own position to before the next one,
-- and positions are those at which transactions ended.
CREATE TABLE profitscore.books (
    seq bigint NOT NULL,
    until bigint NOT NULL,
    tenant integer NOT NULL,
    day integer NOT NULL,
    what smallint NOT NULL,
    -- Empty for none.
    role text COLLATE "C" NOT NULL,
    live numeric NOT NULL,
    gross numeric NOT NULL,
    discount numeric NOT NULL,
    cost numeric NOT NULL,
    deduction numeric NOT NULL,
    money numeric NOT NULL,
    quantity numeric NOT NULL,
    minutes numeric NOT NULL,
    PRIMARY KEY (tenant, seq, day, what, role)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE UNIQUE INDEX books_open ON profitscore.books (tenant, day, what, role) WHERE until = 9223372036854775807;
CREATE INDEX books_until ON profitscore.books (tenant, until);

INSERT INTO profitscore.books (tenant, seq, until, day, what, role,
    live, gross, discount, cost, deduction, money, quantity, minutes)
SELECT t.tenant, t.position, 9223372036854775807, g.day, g.what, g.role,
    g.live, g.gross, g.discount, g.cost, g.deduction, g.money, g.quantity, g.minutes
FROM (
    SELECT l.tenant, l.day, l.what, coalesce(l.role, '') AS role, sum(l.live) AS live,
        coalesce(sum(l.gross), 0) AS gross, coalesce(sum(l.discount), 0) AS discount,
        coalesce(sum(l.cost), 0) AS cost, coalesce(sum(l.deduction), 0) AS deduction,
        coalesce(sum(l.money), 0) AS money, coalesce(sum(l.quantity), 0) AS quantity,
        coalesce(sum(l.minutes), 0) AS minutes
    FROM profitscore.ledger l GROUP BY l.tenant, l.day, l.what, coalesce(l.role, '')
) g JOIN profitscore.tenants t ON t.tenant = g.tenant;
