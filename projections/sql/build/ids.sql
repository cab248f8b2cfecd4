SELECT canonical_id FROM {graph}.project UNION ALL SELECT canonical_id FROM {graph}.vertex
