-- What a film or a sound says of itself, and what its sender says of it. `voice` and `waveform` may be said before its bytes
-- are there. A film's poster lies beside it, under its own id: it is removed with it.
ALTER TABLE "attachments"
  ADD COLUMN "duration_ms" INTEGER,
  ADD COLUMN "waveform"    SMALLINT[],
  ADD COLUMN "voice"       BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "animated"    BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "has_poster"  BOOLEAN NOT NULL DEFAULT false,
  ADD CONSTRAINT "attachments_duration" CHECK ("duration_ms" > 0),
  ADD CONSTRAINT "attachments_waveform" CHECK (cardinality("waveform") = 64),
  ADD CONSTRAINT "attachments_poster" CHECK (NOT "has_poster" OR "kind" = 'VIDEO');
