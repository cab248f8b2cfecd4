UPDATE atlas.build SET status = 'retired'
WHERE id IN (SELECT build FROM atlas.live WHERE projection = $1) AND id <> $2
