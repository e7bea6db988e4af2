-- Brings databases, the attributes and memberships of the modules' roles, and the rights on databases to what the plan says.
-- psql runs it in the database `postgres`, after the cloud's own script has made the roles. The variable `plan` is JSON:
-- platform, modules (database, role, extensions, platform), reserved, administrators. Each query yields the statements that are
-- still needed, and \gexec runs them, so a second run runs none. format() quotes every name.

-- attributes beyond logging in
select format('alter role %I %s', rolname, concat_ws(' ',
    case when rolsuper then 'nosuperuser' end,
    case when rolcreatedb then 'nocreatedb' end,
    case when rolcreaterole then 'nocreaterole' end,
    case when rolreplication then 'noreplication' end,
    case when rolbypassrls then 'nobypassrls' end,
    case when not rolcanlogin then 'login' end))
  from pg_roles
  where rolname in (select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one)
    and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls or not rolcanlogin) \gexec
-- before PostgreSQL 16, a role has the rights of all groups that it may take, or of none; since then, each membership says so
select format('alter role %I %s', rolname, case when rolinherit then 'noinherit' else 'inherit' end)
  from pg_roles
  join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one on one ->> 'role' = rolname
  where current_setting('server_version_num')::int < 160000
    and rolinherit = (one ->> 'platform' is not distinct from 'people') \gexec

-- memberships, except in the cloud's own roles for logging in, and in those that a module takes to ask for people
select format('revoke %I from %I granted by %I', granted.rolname, member.rolname, grantor.rolname)
  from pg_auth_members
  join pg_roles as granted on granted.oid = roleid
  join pg_roles as member on member.oid = pg_auth_members.member
  join pg_roles as grantor on grantor.oid = pg_auth_members.grantor
  where member.rolname in (select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one)
    and (granted.rolname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'administrators'))
      or not exists (
        select from jsonb_array_elements_text(:'plan'::jsonb -> 'reserved') as prefix
        where starts_with(granted.rolname, prefix)))
    and not (granted.rolname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'people' -> 'roles'))
      and exists (select from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
        where one ->> 'role' = member.rolname and one ->> 'platform' = 'people')
      and not admin_option
      and not coalesce((to_jsonb(pg_auth_members) ->> 'inherit_option')::boolean, false)) \gexec

-- databases, owned by the administrator that runs this
select format('create database %I', one ->> 'database')
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  where not exists (select from pg_database where datname = one ->> 'database') \gexec
select format('alter database %I owner to %I', datname, current_user)
  from pg_database
  where datname in (select one ->> 'database' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one)
    and datdba <> (select oid from pg_roles where rolname = current_user) \gexec

-- rights on databases: of everybody and of the modules everywhere; in a module's database also of all other roles
select distinct format('revoke all on database %I from %s', datname,
    case grantee when 0 then 'public' else quote_ident(roles.rolname) end)
  from pg_database
  cross join aclexplode(coalesce(datacl, acldefault('d', datdba)))
  left join pg_roles as roles on roles.oid = grantee
  left join jsonb_array_elements(:'plan'::jsonb -> 'modules') as own on own ->> 'database' = datname
  where grantee <> datdba
    and pg_has_role(current_user, datdba, 'usage')
    and (own is not null or datname in ('postgres', :'plan'::jsonb ->> 'platform'))
    and (own is not null or grantee = 0
      or roles.rolname in (select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one))
    and not coalesce(
      roles.rolname = own ->> 'role' and privilege_type in ('CONNECT', 'TEMPORARY') and not is_grantable, false)
    and not coalesce(
      datname = :'plan'::jsonb ->> 'platform' and privilege_type in ('CONNECT', 'TEMPORARY') and not is_grantable
        and roles.rolname in (select one ->> 'role' from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
          where one ->> 'platform' = 'write' or one ->> 'platform' is not null and privilege_type = 'CONNECT'), false)
    and not coalesce(
      roles.rolname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'administrators'))
        and privilege_type = 'CONNECT' and not is_grantable, false) \gexec

select format('grant connect, temporary on database %I to %I', datname, one ->> 'role')
  from pg_database
  join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one on one ->> 'database' = datname
  where 2 > (
    select count(*) from aclexplode(coalesce(datacl, acldefault('d', datdba)))
    where grantee = (select oid from pg_roles where rolname = one ->> 'role')
      and privilege_type in ('CONNECT', 'TEMPORARY')) \gexec
-- people.sql, which a module that makes tables runs, needs temporary views
select format('grant connect%s on database %I to %I', case one ->> 'platform' when 'write' then ', temporary' else '' end,
    datname, one ->> 'role')
  from pg_database
  cross join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  where datname = :'plan'::jsonb ->> 'platform' and one ->> 'platform' is not null
    and (select count(*) from aclexplode(coalesce(datacl, acldefault('d', datdba)))
      where grantee = (select oid from pg_roles where rolname = one ->> 'role'))
      < case one ->> 'platform' when 'write' then 2 else 1 end \gexec
select format('grant connect on database %I to %I', datname, administrator)
  from pg_database
  join jsonb_array_elements(:'plan'::jsonb -> 'modules') as one on one ->> 'database' = datname
  cross join jsonb_array_elements_text(:'plan'::jsonb -> 'administrators') as administrator
  where not exists (
    select from aclexplode(coalesce(datacl, acldefault('d', datdba)))
    where grantee = (select oid from pg_roles where rolname = administrator) and privilege_type = 'CONNECT') \gexec

-- roles of groups of people, which cannot log in, and their rights on the platform's database
select format('create role %I nologin', name)
  from jsonb_array_elements_text(:'plan'::jsonb -> 'people' -> 'roles') as name
  where not exists (select from pg_roles where rolname = name) \gexec
select format('alter role %I nologin', rolname)
  from pg_roles
  where rolcanlogin and rolname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'people' -> 'roles')) \gexec
select distinct format('revoke all on database %I from %I', datname, rolname)
  from pg_database
  cross join aclexplode(datacl)
  join pg_roles on pg_roles.oid = grantee
  where starts_with(rolname, 'group_')
    and pg_has_role(current_user, datdba, 'usage')
    and not (datname = :'plan'::jsonb ->> 'platform' and privilege_type = 'CONNECT' and not is_grantable
      and rolname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'people' -> 'roles'))) \gexec
select format('grant connect on database %I to %I', datname, rolname)
  from pg_database
  join pg_roles on rolname in (select jsonb_array_elements_text(:'plan'::jsonb -> 'people' -> 'roles'))
  where datname = :'plan'::jsonb ->> 'platform'
    and not exists (
      select from aclexplode(datacl) where grantee = pg_roles.oid and privilege_type = 'CONNECT') \gexec

-- modules that ask for people take these roles
select format('grant %I to %I%s', name, one ->> 'role',
    case when current_setting('server_version_num')::int >= 160000 then ' with inherit false' end)
  from jsonb_array_elements(:'plan'::jsonb -> 'modules') as one
  cross join jsonb_array_elements_text(:'plan'::jsonb -> 'people' -> 'roles') as name
  where one ->> 'platform' = 'people'
    and not exists (
      select from pg_auth_members
      where roleid = (select oid from pg_roles where rolname = name)
        and member = (select oid from pg_roles where rolname = one ->> 'role')) \gexec
