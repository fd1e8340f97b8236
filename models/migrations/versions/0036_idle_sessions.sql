ALTER TABLE private.session
  ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  ADD COLUMN idle_minutes INTEGER DEFAULT 60 NOT NULL,
  ADD CONSTRAINT ck_session_idle_minutes_positive CHECK (idle_minutes > 0)
