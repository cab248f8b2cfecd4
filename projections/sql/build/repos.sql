SELECT canonical_id FROM public.repos
