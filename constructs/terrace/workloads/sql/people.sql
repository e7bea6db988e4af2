-- Brings what people and modules may read in the platform's database to what the plan says. psql runs it in that database: in the job
-- that prepares the server, and as the owner of new tables, since a role changes the rights on its own tables only.
-- The variable `plan` is JSON; `people` has `roles`, and `readable`: role, schema, and for one table also `table`, `columns`
-- and `rows` (column to values). Each query yields the statements that are still needed. A role of a group cannot log in:
-- a session takes one with SET ROLE, so that two groups' rights never add up. Its name begins with group_.
-- All of it is one transaction: no group reads a table before its policies for rows are there.

\set QUIET on
begin;
create temporary view readable as
  select one ->> 'role' as role, one ->> 'schema' as schema, one ->> 'table' as name, one -> 'columns' as columns,
      one -> 'rows' as rows
    from jsonb_array_elements(:'plan'::jsonb -> 'people' -> 'readable') as one;

-- the rights that a group should have on each table, whole (no attribute) or by column
create temporary view wanted as
  select distinct pg_class.oid as relation, role, attribute.attnum as attribute
    from readable
    join pg_namespace on nspname = schema
    join pg_class on relnamespace = pg_namespace.oid and relkind in ('r', 'p', 'v', 'm', 'f')
      and relname = coalesce(name, relname)
    left join pg_attribute as attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
      and columns ? attname
    where (name is null or attribute.attnum is not null)
      -- only tables have policies for rows, and only if they have the columns
      and (coalesce(rows, '{}') = '{}' or relkind in ('r', 'p') and not exists (
        select from jsonb_object_keys(rows) as key
        where not exists (select from pg_attribute
          where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attname = key)));

-- the rights that groups have
create temporary view present as
  select pg_class.oid as relation, rolname as role, null::int2 as attribute, privilege_type as privilege, is_grantable
    from pg_class cross join aclexplode(relacl) join pg_roles on pg_roles.oid = grantee
    where starts_with(rolname, 'group_') and relkind <> 'S'
  union all
  select attrelid, rolname, attnum, privilege_type, is_grantable
    from pg_attribute cross join aclexplode(attacl) join pg_roles on pg_roles.oid = grantee
    where starts_with(rolname, 'group_');
\set QUIET off

-- schemas
select distinct format('revoke all on schema %I from %I', nspname, rolname)
  from pg_namespace
  cross join aclexplode(nspacl)
  join pg_roles on pg_roles.oid = grantee
  where starts_with(rolname, 'group_')
    and pg_has_role(current_user, nspowner, 'usage')
    and (privilege_type <> 'USAGE' or is_grantable
      or not exists (select from readable where role = rolname and schema = nspname)) \gexec
select distinct format('grant usage on schema %I to %I', nspname, role)
  from readable
  join pg_namespace on nspname = schema
  where pg_has_role(current_user, nspowner, 'usage')
    and not has_schema_privilege(role, pg_namespace.oid, 'usage') \gexec

-- tables and columns
select distinct format('revoke all%s on %s from %I', ' (' || quote_ident(attname) || ')', relation::regclass, role)
  from present
  join pg_class on pg_class.oid = relation
  left join pg_attribute on attrelid = relation and attnum = present.attribute
  where pg_has_role(current_user, relowner, 'usage')
    and (privilege <> 'SELECT' or is_grantable
      or not exists (select from wanted where wanted.relation = present.relation and wanted.role = present.role
        and wanted.attribute is not distinct from present.attribute)) \gexec
select format('grant select%s on %s to %I', ' (' || quote_ident(attname) || ')', relation::regclass, role)
  from wanted
  join pg_class on pg_class.oid = relation
  left join pg_attribute on attrelid = relation and attnum = wanted.attribute
  where pg_has_role(current_user, relowner, 'usage')
    and not exists (select from present where present.relation = wanted.relation and present.role = wanted.role
      and present.attribute is not distinct from wanted.attribute) \gexec

-- modules that may read all schemas
select format('grant select on %s to %I', pg_class.oid::regclass, one ->> 'role')
  from pg_class
  join pg_namespace on pg_namespace.oid = relnamespace
  cross join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  where nspname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'schemas'))
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and one ->> 'platform' in ('read', 'write')
    and pg_has_role(current_user, relowner, 'usage')
    and not has_table_privilege(one ->> 'role', pg_class.oid, 'select') \gexec

-- policies for rows: a condition for each group that may read the table, and all rows for roles of no group
\set QUIET on
create temporary view policies as
  with conditional as (
    select distinct relation
      from wanted join pg_class on pg_class.oid = relation join pg_namespace on pg_namespace.oid = relnamespace
      join readable on readable.role = wanted.role and schema = nspname and name = relname
      where coalesce(rows, '{}') <> '{}' and pg_has_role(current_user, relowner, 'usage'))
  select distinct conditional.relation, wanted.role as policy, quote_ident(wanted.role) as reader,
      coalesce((
        select string_agg(format('%I::text = any (%L::text[])', key, array(select jsonb_array_elements_text(value))),
            ' and ' order by key)
          from readable cross join jsonb_each(rows)
          where readable.role = wanted.role and schema = nspname and name = relname), 'true') as condition
    from conditional
    join wanted on wanted.relation = conditional.relation
    join pg_class on pg_class.oid = wanted.relation
    join pg_namespace on pg_namespace.oid = relnamespace
  union all
  select relation, 'no group', 'public',
      'not exists (select from pg_roles where starts_with(rolname, ''group_'') and pg_has_role(oid, ''usage''))'
    from conditional;
\set QUIET off

-- a policy's comment has its condition, which the server itself stores in other words
select format('drop policy %I on %s', polname, polrelid::regclass)
  from pg_policy
  join pg_class on pg_class.oid = polrelid
  where (polname = 'no group' or starts_with(polname, 'group_'))
    and pg_has_role(current_user, relowner, 'usage')
    and not exists (select from policies where relation = polrelid and policy = polname
      and condition = obj_description(pg_policy.oid, 'pg_policy')) \gexec
select statement
  from policies
  cross join lateral (values
    (format('create policy %I on %s for select to %s using (%s)', policy, relation::regclass, reader, condition)),
    (format('comment on policy %I on %s is %L', policy, relation::regclass, condition))) as statements (statement)
  where not exists (select from pg_policy where polrelid = relation and polname = policy) \gexec
select format('alter table %s %s row level security', oid::regclass, case when relrowsecurity then 'disable' else 'enable' end)
  from pg_class
  where relkind in ('r', 'p')
    and pg_has_role(current_user, relowner, 'usage')
    and relrowsecurity <> exists (select from policies where relation = pg_class.oid)
    -- what the owner made itself stays
    and not exists (select from pg_policy where polrelid = pg_class.oid
      and polname <> 'no group' and not starts_with(polname, 'group_'))
    and (not relrowsecurity or exists (select from pg_namespace where pg_namespace.oid = relnamespace
      and nspname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'schemas')))) \gexec

\set QUIET on
-- PostgREST reads again which tables there are
notify pgrst, 'reload schema';
commit;
\set QUIET off
