SELECT (SELECT count(*) FROM public.projects), (SELECT count(*) FROM public.repos),
       (SELECT count(*) FROM public.external_repos), (SELECT count(*) FROM public.depends_on)
