-- Dashboards: each query has a name, for scripts/test-postgresql.sh, which checks what it gives.

-- verdicts by day
SELECT first_time::date AS day, verdict, count(*) AS messages FROM messages GROUP BY 1, 2 ORDER BY 1, 2;

-- deliveries by status
SELECT status, count(*) AS deliveries FROM events WHERE event = 'delivery' GROUP BY status ORDER BY status;

-- top reasons of deferral
SELECT relay, reply, count(*) AS attempts, count(DISTINCT (host, queue_id)) AS messages FROM events
WHERE status = 'deferred' GROUP BY relay, reply ORDER BY attempts DESC, relay, reply LIMIT 20;

-- checks that refused
SELECT "by", "check", count(*) AS times FROM checks WHERE result IN ('reject', 'defer') GROUP BY 1, 2 ORDER BY times DESC, 1, 2 LIMIT 20;

-- seconds to the end
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS half, max(seconds) AS longest
FROM (SELECT floor(extract(epoch FROM last_time))::int - floor(extract(epoch FROM first_time))::int AS seconds FROM messages WHERE verdict = 'delivered') t;

-- one queue ID
SELECT to_char(time, 'YYYY-MM-DD HH24:MI:SS'), daemon, event FROM events WHERE host = {host} AND queue_id = {queue_id} ORDER BY time, line;

-- who sends most
SELECT "from", count(*) AS messages, sum(size) AS bytes FROM messages WHERE queue_ids <> '{}' GROUP BY "from" ORDER BY messages DESC, "from" LIMIT 10;
