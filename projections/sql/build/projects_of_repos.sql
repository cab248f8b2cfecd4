SELECT canonical_id, project FROM {graph}.vertex WHERE project IS NOT NULL
