-- Brings one module's database to what the plan says: extensions, and the schema `public`, in which the module's role alone
-- may make tables. psql runs it in that database; see server.sql.

select format('create extension if not exists %I', extension)
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  cross join jsonb_array_elements_text(one -> 'extensions') as extension
  where one ->> 'database' = current_database()
    and not exists (select from pg_extension where extname = extension) \gexec

select distinct format('revoke all on schema public from %s',
    case grantee when 0 then 'public' else quote_ident(roles.rolname) end)
  from pg_namespace
  cross join aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
  left join pg_roles as roles on roles.oid = grantee
  join jsonb_array_elements(:'plan'::jsonb -> 'modules') as own on own ->> 'database' = current_database()
  where nspname = 'public'
    and grantee <> nspowner
    and not coalesce(roles.rolname = own ->> 'role' and not is_grantable, false) \gexec

select format('grant usage, create on schema public to %I', one ->> 'role')
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  where one ->> 'database' = current_database()
    and 2 > (
      select count(*) from pg_namespace cross join aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
      where nspname = 'public'
        and grantee = (select oid from pg_roles where rolname = one ->> 'role')) \gexec
