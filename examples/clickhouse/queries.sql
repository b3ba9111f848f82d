-- Dashboards: each query has a name, for scripts/test-clickhouse.sh, which checks what it gives.

-- verdicts by day
SELECT toDate(first_time) AS day, verdict, count() AS messages FROM all_messages GROUP BY day, verdict ORDER BY day, verdict;

-- deliveries by status
SELECT status, count() AS deliveries FROM all_events WHERE event = 'delivery' GROUP BY status ORDER BY status;

-- top reasons of deferral
SELECT relay, reply, count() AS attempts, uniqExact(host, queue_id) AS messages FROM all_events
WHERE status = 'deferred' GROUP BY relay, reply ORDER BY attempts DESC, relay, reply LIMIT 20;

-- checks that refused
SELECT c_by, c_check, count() AS times FROM all_messages ARRAY JOIN checks.by AS c_by, checks.check AS c_check, checks.result AS c_result
WHERE c_result IN ('reject', 'defer') GROUP BY c_by, c_check ORDER BY times DESC, c_by, c_check LIMIT 20;

-- seconds to the end
SELECT quantileExact(0.5)(toUnixTimestamp(last_time) - toUnixTimestamp(first_time)) AS half, max(toUnixTimestamp(last_time) - toUnixTimestamp(first_time)) AS longest
FROM all_messages WHERE verdict = 'delivered';

-- one queue ID
SELECT time, daemon, event FROM all_events WHERE host = {host} AND queue_id = {queue_id} ORDER BY time, line;

-- who sends most
SELECT `from`, count() AS messages, sum(size) AS bytes FROM all_messages WHERE queue_id != '' GROUP BY `from` ORDER BY messages DESC, `from` LIMIT 10;
