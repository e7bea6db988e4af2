-- Brings the platform's database to what the plan says: its schemas, owned by the administrator, on which everybody has no
-- rights, and modules those of `platform` in the plan: read, or write, which includes tables of their own. people.sql gives
-- the rights on tables. psql runs it in that database; see server.sql.

select format('create schema %I', name)
  from jsonb_array_elements_text(:'plan'::jsonb -> 'schemas') as name
  where not exists (select from pg_namespace where nspname = name) \gexec
select format('alter schema %I owner to %I', nspname, current_user)
  from pg_namespace
  where nspname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'schemas'))
    and nspowner <> (select oid from pg_roles where rolname = current_user) \gexec

select distinct format('revoke all on schema %I from %s', nspname,
    case grantee when 0 then 'public' else quote_ident(roles.rolname) end)
  from pg_namespace
  cross join aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
  left join pg_roles as roles on roles.oid = grantee
  where (nspname = 'public' or nspname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'schemas')))
    and grantee <> nspowner
    and (grantee = 0
      or roles.rolname in (select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one))
    and (nspname = 'public' or is_grantable or not exists (
      select from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
      where one ->> 'role' = roles.rolname
        and (one ->> 'platform' = 'write' or one ->> 'platform' = 'read' and privilege_type = 'USAGE'))) \gexec
select format('grant usage%s on schema %I to %I', case one ->> 'platform' when 'write' then ', create' else '' end,
    nspname, one ->> 'role')
  from pg_namespace
  cross join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  where nspname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'schemas'))
    and one ->> 'platform' in ('read', 'write')
    and (select count(*) from aclexplode(nspacl)
      where grantee = (select oid from pg_roles where rolname = one ->> 'role'))
      < case one ->> 'platform' when 'write' then 2 else 1 end \gexec

select distinct format('revoke all on %s %I.%I from %s', case relkind when 'S' then 'sequence' else 'table' end,
    nspname, relname, case grantee when 0 then 'public' else quote_ident(roles.rolname) end)
  from pg_class
  join pg_namespace on pg_namespace.oid = relnamespace
  cross join aclexplode(relacl)
  left join pg_roles as roles on roles.oid = grantee
  where nspname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'schemas'))
    and grantee <> relowner
    and pg_has_role(current_user, relowner, 'usage')
    and (grantee = 0
      or roles.rolname in (select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one))
    and not coalesce(privilege_type = 'SELECT' and relkind <> 'S' and not is_grantable and roles.rolname in (
      select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
      where one ->> 'platform' in ('read', 'write')), false) \gexec
