-- The ticks at which something was published, in order.
SELECT position, labels::text AS labels FROM {history}.tick WHERE labels <> '[]'::jsonb ORDER BY position
