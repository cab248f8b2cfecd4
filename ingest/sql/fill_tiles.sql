SELECT log.fill_tiles($1)
