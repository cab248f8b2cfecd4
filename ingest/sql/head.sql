SELECT next_position, root FROM log.head
