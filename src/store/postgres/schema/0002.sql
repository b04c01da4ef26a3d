-- A sum in eight bytes, in a third of the time that `sum(bigint)` takes. It fails where they do not suffice, and the
-- question is asked again with `sum`.
CREATE AGGREGATE profitscore.total (bigint)
    (SFUNC = int8pl, STYPE = bigint, INITCOND = '0', COMBINEFUNC = int8pl, PARALLEL = SAFE);
