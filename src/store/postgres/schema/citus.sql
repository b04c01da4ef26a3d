SELECT create_distributed_table('profitscore.ledger', 'customer');
SELECT create_distributed_table('profitscore.parties', 'party', colocate_with => 'profitscore.ledger');
SELECT create_distributed_table('profitscore.ids', 'id');
