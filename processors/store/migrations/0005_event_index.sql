ALTER TABLE usage ADD INDEX IF NOT EXISTS by_event event_id TYPE bloom_filter(0.001) GRANULARITY 1
