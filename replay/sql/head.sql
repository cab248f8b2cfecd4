-- Where the log ends.
SELECT next_position, root FROM log.head
