-- Events and messages in PostgreSQL (15). The JSON is kept whole, for what has no column: fields->>'tls_cipher',
-- message->'checks'. Columns hold what is asked for most.

CREATE TABLE IF NOT EXISTS events (
    time timestamptz, line bigint, host text, queue_id text, daemon text, event text,
    client_addr text, "from" text, "to" text, relay text, delay numeric, dsn text, status text, reply text, fields jsonb
);
CREATE INDEX IF NOT EXISTS events_queue_id ON events (host, queue_id);
CREATE INDEX IF NOT EXISTS events_time ON events USING brin (time);

CREATE TABLE IF NOT EXISTS messages (
    first_time timestamptz, last_time timestamptz, host text, queue_ids text[], verdict text, "from" text, message_id text, size bigint,
    why text, message jsonb
);
CREATE INDEX IF NOT EXISTS messages_queue_ids ON messages USING gin (queue_ids);
CREATE INDEX IF NOT EXISTS messages_time ON messages (first_time);
CREATE INDEX IF NOT EXISTS messages_from ON messages ("from");

-- A row for each recipient, for each check.
CREATE OR REPLACE VIEW recipients AS
    SELECT m.host, m.queue_ids, m.first_time, r->>'to' AS "to", r->>'relay' AS relay, r->>'status' AS status, r->>'dsn' AS dsn,
           r->>'reply' AS reply, r->>'verdict' AS verdict, r->'final'->>'mailbox' AS mailbox
    FROM messages m, jsonb_array_elements(m.message->'recipients') r;
CREATE OR REPLACE VIEW checks AS
    SELECT m.host, m.queue_ids, m.first_time, m.verdict, c->>'by' AS "by", c->>'check' AS "check", c->>'result' AS result,
           c->>'code' AS code, c->>'score' AS score, c->>'text' AS "text"
    FROM messages m, jsonb_array_elements(m.message->'checks') c;

-- What a log says need not be a date or a number: null then.
CREATE OR REPLACE FUNCTION maillog_time(t text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN t::timestamptz; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION maillog_number(t text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN t ~ '^[0-9]{1,18}([.][0-9]{1,9})?$' THEN t::numeric END $$;
