SELECT canonical_id FROM {graph}.vertex WHERE project = $1
