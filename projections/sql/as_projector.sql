SELECT set_config('role', rolname, true) FROM pg_catalog.pg_roles
WHERE rolname = 'atlas_projector' AND pg_has_role(oid, 'MEMBER')
  AND has_table_privilege(oid, 'atlas.build', 'UPDATE')
