-- How many seconds each standby is behind: those of this server, slots that wait for one, and this server itself where
-- it is one. Without seconds nobody can tell, for the reason beside it. Who may not look at other users' processes (that
-- takes pg_monitor) sees standbys, but not how far they are.
SELECT coalesce(nullif(application_name, ''), 'standby') AS "name!",
       CASE WHEN state IS NULL THEN NULL
            WHEN replay_lsn = pg_current_wal_lsn() THEN 0
            ELSE extract(epoch FROM replay_lag) END::float8 AS "seconds?",
       CASE WHEN state IS NULL THEN 'this login may not see it: it takes the role pg_monitor'
            ELSE 'it has said nothing of it yet' END AS "reason!"
  FROM pg_stat_replication WHERE NOT pg_is_in_recovery()
 UNION ALL
SELECT slot_name, NULL, 'nobody is connected to its slot' FROM pg_replication_slots
 WHERE slot_type = 'physical' AND NOT active
 UNION ALL
SELECT 'this server',
       CASE WHEN NOT EXISTS (SELECT FROM pg_stat_wal_receiver) THEN NULL
            WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8,
       'it is a standby that is not connected, or has replayed nothing yet'
 WHERE pg_is_in_recovery()
 ORDER BY 1
