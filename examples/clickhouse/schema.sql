-- Events and messages in ClickHouse, on each node of the cluster `mail`. Written for Debian's 18.16, so without what came
-- later: with a newer server make daemon, event, status and verdict LowCardinality(String), and the times DateTime64(6).

-- A line. In the order in which one looks for things: a host's queue ID, then time. Lines without queue ID (connections,
-- log-ins, refusals) are together by host.
CREATE TABLE IF NOT EXISTS events (
    time DateTime, line UInt64, host String, queue_id String,
    daemon String, event String, match String, severity String, program String, pid UInt32,
    client_name String, client_addr String, helo String, sasl_username String,
    `from` String, `to` String, orig_to String, size UInt64, nrcpt UInt32, message_id String,
    relay String, delay Float64, dsn String, status String, reply String, queued_as String,
    stage String, code UInt16, reason String, action String, message String
) ENGINE = MergeTree PARTITION BY toYYYYMMDD(time) ORDER BY (host, queue_id, time, line);

-- A message. Recipients and checks are arrays side by side (Nested), in the order of the JSON.
CREATE TABLE IF NOT EXISTS messages (
    first_time DateTime, last_time DateTime, host String, queue_id String, queue_ids Array(String),
    verdict String, state String, `from` String, message_id String, size UInt64,
    client_name String, client_addr String, helo String, sasl_username String, tls String, why String,
    recipients Nested (`to` String, relay String, status String, dsn String, reply String, verdict String, mailbox String),
    checks Nested (`by` String, check String, result String, code String, score String, text String)
) ENGINE = MergeTree PARTITION BY toYYYYMMDD(first_time) ORDER BY (host, queue_id, first_time);

-- Both over all nodes. A host is on one node, so what belongs together is together. An INSERT is written to this node's
-- disk first: a node that is down gets its share when it is back.
CREATE TABLE IF NOT EXISTS all_events AS events ENGINE = Distributed(mail, default, events, cityHash64(host));
CREATE TABLE IF NOT EXISTS all_messages AS messages ENGINE = Distributed(mail, default, messages, cityHash64(host));
