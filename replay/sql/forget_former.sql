UPDATE atlas.live SET former = NULL WHERE former = ANY($1)
