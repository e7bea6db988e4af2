-- What a module that asks for people runs at the begin of each transaction: the function terrace.as_group(), which takes the role of a
-- group of the person. psql runs this script in the platform's database, after people.sql. Without such a module, nothing is left.
-- The settings are PostgREST's: request.* has the request and the verified claims of its token, app.settings.* those of the module.
-- Whether a role may be taken is PostgreSQL's to decide: a module is a member of roles of groups only.

\set QUIET on
begin;
create temporary view takers as
  select rolname from pg_roles
    join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one on one ->> 'role' = rolname
    where one ->> 'platform' = 'people';
select $function$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
  asked text := current_setting('request.headers')::jsonb ->> 'x-group';
  groups text[];
begin
  if claims ->> 'iss' is distinct from current_setting('app.settings.issuer')
      or not coalesce(claims -> 'aud' ? current_setting('app.settings.audience'), false) then
    raise sqlstate 'PT401' using message = 'the request has no token for this service',
      hint = 'Send a token of the organisation''s identity provider in the header Authorization.';
  end if;
  -- functions run with the rights of those who ask, or of those who made them; only tables and views are for people
  if current_setting('request.method') not in ('GET', 'HEAD')
      or current_setting('request.path') !~ '^/[A-Za-z0-9_]*$' then
    raise sqlstate 'PT405' using message = 'only reading tables and views is possible';
  end if;
  groups := array(
    select substr(rolname, length('group_') + 1) from pg_roles
    where starts_with(rolname, 'group_') and pg_has_role(session_user, oid, 'member')
      and claims -> current_setting('app.settings.groups_claim') ? substr(rolname, length('group_') + 1)
      and coalesce(asked = substr(rolname, length('group_') + 1), true)
    order by rolname);
  if cardinality(groups) = 0 then
    raise sqlstate 'PT403' using message = coalesce('the token is not one of a member of ' || asked || ', or this group reads nothing',
      'no group of the token reads anything');
  elsif cardinality(groups) > 1 then
    raise sqlstate 'PT400' using message = format('the token is one of a member of several groups: %s', array_to_string(groups, ', ')),
      hint = 'Name one of them in the header X-Group: rights of two groups never add up.';
  end if;
  perform set_config('role', 'group_' || groups[1], true);
end
$function$ as body \gset
\set QUIET off

select 'create schema terrace'
  where exists (select from takers) and not exists (select from pg_namespace where nspname = 'terrace') \gexec
select 'create or replace function terrace.as_group() returns void language plpgsql set search_path = pg_catalog, pg_temp as '
    || quote_literal(:'body')
  where exists (select from takers)
    and not exists (select from pg_proc where oid = to_regprocedure('terrace.as_group()') and prosrc = :'body') \gexec
select 'drop schema terrace cascade'
  where not exists (select from takers) and exists (select from pg_namespace where nspname = 'terrace') \gexec

-- the modules alone may call it
select distinct format('revoke all on schema terrace from %s', case grantee when 0 then 'public' else quote_ident(rolname) end)
  from pg_namespace cross join aclexplode(nspacl) left join pg_roles on pg_roles.oid = grantee
  where nspname = 'terrace' and grantee <> nspowner
    and not coalesce(rolname in (select rolname from takers) and privilege_type = 'USAGE' and not is_grantable, false) \gexec
select distinct format('revoke all on function terrace.as_group() from %s',
    case grantee when 0 then 'public' else quote_ident(rolname) end)
  from pg_proc cross join aclexplode(coalesce(proacl, acldefault('f', proowner))) left join pg_roles on pg_roles.oid = grantee
  where pg_proc.oid = to_regprocedure('terrace.as_group()') and grantee <> proowner
    and not coalesce(rolname in (select rolname from takers) and not is_grantable, false) \gexec
select format('grant usage on schema terrace to %I', rolname)
  from takers where not has_schema_privilege(rolname, to_regnamespace('terrace'), 'usage') \gexec
select format('grant execute on function terrace.as_group() to %I', rolname)
  from takers where not has_function_privilege(rolname, to_regprocedure('terrace.as_group()'), 'execute') \gexec

\set QUIET on
commit;
\set QUIET off
