-- An app's sessions come in as logins and become the database's owner, who may neither see nor end them: that role is none
-- of those. So the official command's `pg:ps` and `pg:kill`, which are SQL, find these in place of Postgres' own.
CREATE SCHEMA dynoform;
GRANT USAGE ON SCHEMA dynoform TO PUBLIC;

-- Nothing of other databases, and nothing of the superuser's, whose id is 10.
CREATE FUNCTION dynoform.sessions() RETURNS SETOF pg_catalog.pg_stat_activity
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT * FROM pg_stat_activity WHERE datname = current_database() AND usesysid <> 10 $$;

CREATE VIEW dynoform.pg_stat_activity AS SELECT * FROM dynoform.sessions();
GRANT SELECT ON dynoform.pg_stat_activity TO PUBLIC;

CREATE FUNCTION dynoform.pg_cancel_backend(pid integer) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT bool_or(pg_cancel_backend(s.pid)) FROM dynoform.sessions() s WHERE s.pid = $1 $$;

CREATE FUNCTION dynoform.pg_terminate_backend(pid integer) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT bool_or(pg_terminate_backend(s.pid)) FROM dynoform.sessions() s WHERE s.pid = $1 $$;

-- Only where that command asks, and only where nobody has said otherwise: what it makes still goes to `public`.
CREATE FUNCTION dynoform.enter() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('application_name') = 'psql non-interactive' AND current_setting('search_path') = '"$user", public' THEN
    PERFORM set_config('search_path', '"$user", public, dynoform, pg_catalog', false);
  END IF;
END
$$;

CREATE EVENT TRIGGER dynoform_enter ON login EXECUTE FUNCTION dynoform.enter();
