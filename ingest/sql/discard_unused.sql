SELECT log.discard_unused($1, $2)
