-- Since when a process holds a user: who came after the last renewal of a lease was seen later than that.
ALTER TABLE presences ADD COLUMN since timestamptz(3) NOT NULL DEFAULT now();
