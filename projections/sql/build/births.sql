SELECT level, id, position FROM {build}.birth
