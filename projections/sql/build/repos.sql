SELECT canonical_id FROM {graph}.vertex WHERE repo
