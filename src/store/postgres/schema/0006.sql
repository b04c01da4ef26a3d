-- What a sale caused is taken back with it: the position of the sale, and a reversal that has a row for each thing that it
-- takes back. Only the row of what it names has an entry; the bodies of the others are empty.
ALTER TABLE profitscore.ledger ADD COLUMN sale bigint;
CREATE INDEX ledger_sale ON profitscore.ledger (tenant, sale) WHERE sale IS NOT NULL;
CREATE UNIQUE INDEX ledger_seq ON profitscore.ledger (tenant, seq, customer, target) NULLS NOT DISTINCT;
ALTER TABLE profitscore.ledger DROP CONSTRAINT ledger_pkey;
