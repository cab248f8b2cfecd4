-- The head of an empty log goes, so that the backup's can come.
DELETE FROM log.head WHERE next_position = 1
