-- An app's sessions come in as logins and become the database's owner, who may neither see nor end them: that role is none
-- of those. So the official command's `pg:ps` and `pg:kill`, which are SQL, find these in place of Postgres' own. They are
-- members of the extension plpgsql, which every Postgres has: no dump of a database holds them.
-- Run as the superuser: by the entry point before the server listens, where an empty line ends a statement, and in
-- databases that are still empty.
SET search_path = pg_catalog, pg_temp;

SET allow_system_table_mods = on;

DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = '_dynoform' AND nspowner <> 10) THEN
    RAISE EXCEPTION 'there is a schema _dynoform already, so pg:ps and pg:kill do not work here';
  END IF;
  CREATE SCHEMA IF NOT EXISTS _dynoform;
  GRANT USAGE ON SCHEMA _dynoform TO PUBLIC;
  -- Nothing of other databases, and nothing of the superuser's, whose id is 10.
  CREATE OR REPLACE FUNCTION _dynoform.sessions() RETURNS SETOF pg_catalog.pg_stat_activity
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT * FROM pg_stat_activity WHERE datname = current_database() AND usesysid <> 10 $$;
  CREATE OR REPLACE VIEW _dynoform.pg_stat_activity AS SELECT * FROM _dynoform.sessions();
  GRANT SELECT ON _dynoform.pg_stat_activity TO PUBLIC;
  CREATE OR REPLACE FUNCTION _dynoform.pg_cancel_backend(pid integer) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT bool_or(pg_cancel_backend(s.pid)) FROM _dynoform.sessions() s WHERE s.pid = $1 $$;
  CREATE OR REPLACE FUNCTION _dynoform.pg_terminate_backend(pid integer) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT bool_or(pg_terminate_backend(s.pid)) FROM _dynoform.sessions() s WHERE s.pid = $1 $$;
  -- Whether a session is encrypted is what programs ask of themselves, so this one takes the place of Postgres' own.
  CREATE OR REPLACE FUNCTION _dynoform.encryption() RETURNS SETOF pg_catalog.pg_stat_ssl
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT s.pid, s.ssl, s.sslversion, s.sslcipher, s.sslbits, s.ssl_client_dn, s.ssl_client_serial, s.ssl_issuer_dn
      FROM pg_stat_get_activity(NULL) s JOIN pg_database d ON d.oid = s.datid
      WHERE s.client_port IS NOT NULL AND d.datname = current_database() AND s.usesysid <> 10 $$;
  CREATE OR REPLACE VIEW pg_catalog.pg_stat_ssl AS SELECT * FROM _dynoform.encryption();
  -- Only where that command asks, and only where nobody has said something else of pg_catalog: what it makes still goes to
  -- `public`. A session chooses its own search_path, and may be the superuser's: all names are whole.
  CREATE OR REPLACE FUNCTION _dynoform.enter() RETURNS event_trigger LANGUAGE plpgsql AS $enter$
  DECLARE
    present pg_catalog.text := pg_catalog.current_setting('search_path');
  BEGIN
    IF pg_catalog.current_setting('application_name') OPERATOR(pg_catalog.=) 'psql non-interactive'
      AND present OPERATOR(pg_catalog.<>) '' AND pg_catalog.strpos(present, 'pg_catalog') OPERATOR(pg_catalog.=) 0 THEN
      PERFORM pg_catalog.set_config('search_path', pg_catalog.concat(present, ', _dynoform, pg_catalog'), false);
    END IF;
  END
  $enter$;
  IF NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = '_dynoform_enter') THEN
    CREATE EVENT TRIGGER _dynoform_enter ON login EXECUTE FUNCTION _dynoform.enter();
    -- With what was granted by now, so that no dump holds that either.
    ALTER EXTENSION plpgsql ADD SCHEMA _dynoform;
    ALTER EXTENSION plpgsql ADD FUNCTION _dynoform.sessions();
    ALTER EXTENSION plpgsql ADD VIEW _dynoform.pg_stat_activity;
    ALTER EXTENSION plpgsql ADD FUNCTION _dynoform.pg_cancel_backend(integer);
    ALTER EXTENSION plpgsql ADD FUNCTION _dynoform.pg_terminate_backend(integer);
    ALTER EXTENSION plpgsql ADD FUNCTION _dynoform.encryption();
    ALTER EXTENSION plpgsql ADD FUNCTION _dynoform.enter();
    ALTER EXTENSION plpgsql ADD EVENT TRIGGER _dynoform_enter;
  END IF;
END
$do$;
