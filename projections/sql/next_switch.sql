SELECT coalesce(max(switch), 0) + 1 AS "switch!" FROM atlas.live
