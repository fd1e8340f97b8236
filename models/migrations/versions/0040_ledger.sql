-- Double entry: whoever writes adds accounts, a group and its transfers. The database makes the entries, keeps the
-- balances, and refuses everything else, its owner's statements included (triggers ENABLE ALWAYS).
ALTER TABLE inspection
  ADD COLUMN passed BOOLEAN NOT NULL GENERATED ALWAYS AS (outcome <> 'FAIL') STORED,
  ADD CONSTRAINT uq_inspection_id_item_id_passed UNIQUE (id, item_id, passed)

ALTER TABLE certificate
  ADD COLUMN inspection_id VARCHAR(64),
  ADD COLUMN passed BOOLEAN,
  ADD CONSTRAINT ck_certificate_passed_inspection CHECK ((passed IS TRUE) = (inspection_id IS NOT NULL)),
  ADD CONSTRAINT fk_certificate_inspection_id_item_id_passed
    FOREIGN KEY (inspection_id, item_id, passed) REFERENCES inspection (id, item_id, passed),
  ADD CONSTRAINT uq_certificate_id_passed UNIQUE (id, passed)

CREATE TABLE ledger_account (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  renovation_id VARCHAR(64) NOT NULL,
  kind TEXT NOT NULL,
  name VARCHAR(64) DEFAULT '' NOT NULL,
  never_negative BOOLEAN DEFAULT false NOT NULL,
  never_positive BOOLEAN DEFAULT false NOT NULL,
  balance_fen BIGINT DEFAULT 0 NOT NULL,
  held_fen BIGINT DEFAULT 0 NOT NULL,
  entries INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT pk_ledger_account PRIMARY KEY (id),
  CONSTRAINT ck_ledger_account_kind_known CHECK (kind IN ('escrow', 'project', 'household', 'fund', 'subsidy', 'operator', 'developer', 'social_capital', 'public_revenue', 'relief', 'pool', 'contractor', 'retention', 'bond', 'wages', 'suspense')),
  CONSTRAINT ck_ledger_account_escrow_limited CHECK (kind <> 'escrow' OR never_negative),
  CONSTRAINT ck_ledger_account_not_below_zero CHECK (NOT never_negative OR balance_fen >= held_fen),
  CONSTRAINT ck_ledger_account_not_above_zero CHECK (NOT never_positive OR balance_fen <= 0),
  CONSTRAINT ck_ledger_account_held_fen_not_negative CHECK (held_fen >= 0),
  CONSTRAINT ck_ledger_account_entries_not_negative CHECK (entries >= 0),
  CONSTRAINT uq_ledger_account_renovation_id_kind_name UNIQUE (renovation_id, kind, name),
  CONSTRAINT fk_ledger_account_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE ledger_group (
  command_id VARCHAR(200) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  transfers INTEGER NOT NULL,
  CONSTRAINT pk_ledger_group PRIMARY KEY (command_id),
  CONSTRAINT ck_ledger_group_transfers_positive CHECK (transfers > 0),
  CONSTRAINT fk_ledger_group_command_id FOREIGN KEY(command_id) REFERENCES event (command_id) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT fk_ledger_group_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_ledger_group_renovation_id ON ledger_group (renovation_id)

CREATE TABLE ledger_transfer (
  id VARCHAR(200) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  number INTEGER NOT NULL,
  from_id BIGINT NOT NULL,
  to_id BIGINT NOT NULL,
  amount_fen BIGINT NOT NULL,
  kind TEXT NOT NULL,
  phase TEXT DEFAULT 'posted' NOT NULL,
  pending_id VARCHAR(200),
  reverses_id VARCHAR(200),
  expires_at TIMESTAMP WITH TIME ZONE,
  certificate_id VARCHAR(64),
  passed BOOLEAN,
  event_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT pk_ledger_transfer PRIMARY KEY (id),
  CONSTRAINT ck_ledger_transfer_kind_known CHECK (kind IN ('charge', 'promise', 'payment', 'taken_over', 'certified', 'retained', 'damages', 'bond_called', 'works', 'measured', 'refund', 'reversal')),
  CONSTRAINT ck_ledger_transfer_phase_known CHECK (phase IN ('posted', 'pending', 'post', 'void', 'expired')),
  CONSTRAINT ck_ledger_transfer_amount_positive CHECK (amount_fen > 0),
  CONSTRAINT ck_ledger_transfer_two_accounts CHECK (from_id <> to_id),
  CONSTRAINT ck_ledger_transfer_decides CHECK ((pending_id IS NOT NULL) = (phase IN ('post', 'void', 'expired'))),
  CONSTRAINT ck_ledger_transfer_pending_expires CHECK (expires_at IS NULL OR phase = 'pending'),
  CONSTRAINT ck_ledger_transfer_reversal_names CHECK ((reverses_id IS NOT NULL) = (kind = 'reversal') AND (kind <> 'reversal' OR phase = 'posted')),
  CONSTRAINT ck_ledger_transfer_works_certified CHECK (kind <> 'works' OR (certificate_id IS NOT NULL AND passed IS TRUE)),
  CONSTRAINT ck_ledger_transfer_measured CHECK (kind <> 'measured' OR certificate_id IS NOT NULL),
  CONSTRAINT fk_ledger_transfer_certificate_id_passed FOREIGN KEY(certificate_id, passed) REFERENCES certificate (id, passed),
  CONSTRAINT uq_ledger_transfer_command_id_number UNIQUE (command_id, number),
  CONSTRAINT fk_ledger_transfer_command_id FOREIGN KEY(command_id) REFERENCES ledger_group (command_id),
  CONSTRAINT fk_ledger_transfer_from_id FOREIGN KEY(from_id) REFERENCES ledger_account (id),
  CONSTRAINT fk_ledger_transfer_to_id FOREIGN KEY(to_id) REFERENCES ledger_account (id),
  CONSTRAINT fk_ledger_transfer_pending_id FOREIGN KEY(pending_id) REFERENCES ledger_transfer (id),
  CONSTRAINT fk_ledger_transfer_reverses_id FOREIGN KEY(reverses_id) REFERENCES ledger_transfer (id),
  CONSTRAINT fk_ledger_transfer_certificate_id FOREIGN KEY(certificate_id) REFERENCES certificate (id)
)

CREATE INDEX ix_ledger_transfer_held ON ledger_transfer (from_id) WHERE phase = 'pending'

CREATE UNIQUE INDEX uq_ledger_transfer_decided_once ON ledger_transfer (pending_id) WHERE pending_id IS NOT NULL

CREATE UNIQUE INDEX uq_ledger_transfer_reversed_once ON ledger_transfer (reverses_id) WHERE reverses_id IS NOT NULL

CREATE TABLE ledger_entry (
  account_id BIGINT NOT NULL,
  number INTEGER NOT NULL,
  transfer_id VARCHAR(200) NOT NULL,
  amount_fen BIGINT NOT NULL,
  before_fen BIGINT NOT NULL,
  after_fen BIGINT NOT NULL,
  CONSTRAINT pk_ledger_entry PRIMARY KEY (account_id, number),
  CONSTRAINT ck_ledger_entry_number_positive CHECK (number > 0),
  CONSTRAINT ck_ledger_entry_amount_moves CHECK (amount_fen <> 0),
  CONSTRAINT ck_ledger_entry_adds_up CHECK (after_fen = before_fen + amount_fen),
  CONSTRAINT uq_ledger_entry_transfer_id_account_id UNIQUE (transfer_id, account_id),
  CONSTRAINT fk_ledger_entry_account_id FOREIGN KEY(account_id) REFERENCES ledger_account (id),
  CONSTRAINT fk_ledger_entry_transfer_id FOREIGN KEY(transfer_id) REFERENCES ledger_transfer (id)
)

-- What a transfer does. All rows of a statement at once: a report of 500 payments costs little more than one.
CREATE FUNCTION ledger_post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  wrong TEXT;
BEGIN
  -- In the order of their ids, so that two writers never wait for each other.
  PERFORM 1 FROM ledger_account
    WHERE id IN (SELECT from_id FROM fresh UNION SELECT to_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
  SELECT f.id INTO wrong FROM fresh f JOIN ledger_group g USING (command_id)
    JOIN ledger_account s ON s.id = f.from_id JOIN ledger_account t ON t.id = f.to_id
    WHERE s.renovation_id <> g.renovation_id OR t.renovation_id <> g.renovation_id LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % is between accounts of another case', wrong USING ERRCODE = 'check_violation';
  END IF;
  SELECT f.id INTO wrong FROM fresh f
    JOIN ledger_account s ON s.id = f.from_id JOIN ledger_account t ON t.id = f.to_id
    WHERE s.kind = 'escrow' AND NOT (
      (f.kind IN ('works', 'measured') AND t.kind = 'contractor')
      OR (f.kind = 'refund' AND t.kind NOT IN ('contractor', 'retention', 'bond', 'wages', 'project'))
      OR f.kind = 'reversal') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % takes money for nothing that may be paid', wrong USING ERRCODE = 'check_violation';
  END IF;
  SELECT g.command_id INTO wrong FROM ledger_group g
    WHERE g.command_id IN (SELECT command_id FROM fresh)
      AND g.transfers < (SELECT count(*) FROM ledger_transfer t WHERE t.command_id = g.command_id) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'group % is complete already', wrong USING ERRCODE = 'check_violation';
  END IF;
  SELECT f.id INTO wrong FROM fresh f JOIN ledger_transfer p ON p.id = f.pending_id
    WHERE p.phase <> 'pending' OR p.from_id <> f.from_id OR p.to_id <> f.to_id OR f.amount_fen > p.amount_fen
      OR (f.phase <> 'post' AND f.amount_fen <> p.amount_fen)
      OR (f.phase = 'post' AND f.event_at >= p.expires_at)
      OR (f.phase = 'expired' AND (p.expires_at IS NULL OR f.event_at < p.expires_at)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % decides on no pending transfer of its accounts, its amount and its time', wrong
      USING ERRCODE = 'check_violation';
  END IF;
  SELECT f.id INTO wrong FROM fresh f JOIN ledger_transfer o ON o.id = f.reverses_id
    WHERE o.phase NOT IN ('posted', 'post') OR o.reverses_id IS NOT NULL
      OR o.from_id <> f.to_id OR o.to_id <> f.from_id OR o.amount_fen <> f.amount_fen LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % takes back no whole transfer', wrong USING ERRCODE = 'check_violation';
  END IF;
  SELECT c.id INTO wrong FROM certificate c
    WHERE c.id IN (SELECT certificate_id FROM fresh)
      AND (c.state <> 'released' OR c.payable_fen < (
        SELECT coalesce(sum(amount_fen), 0) FROM ledger_transfer
        WHERE certificate_id = c.id AND (phase IN ('posted', 'post') OR (phase = 'pending' AND NOT EXISTS (
          SELECT 1 FROM ledger_transfer d WHERE d.pending_id = ledger_transfer.id))))) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'certificate % does not release so much', wrong USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO ledger_entry (account_id, number, transfer_id, amount_fen, before_fen, after_fen)
    SELECT a.id, a.entries + row_number() OVER w, l.transfer_id, l.amount_fen,
      a.balance_fen + sum(l.amount_fen) OVER w - l.amount_fen, a.balance_fen + sum(l.amount_fen) OVER w
    FROM (
      SELECT id AS transfer_id, command_id, number, from_id AS account_id, -amount_fen AS amount_fen
        FROM fresh WHERE phase IN ('posted', 'post')
      UNION ALL
      SELECT id, command_id, number, to_id, amount_fen FROM fresh WHERE phase IN ('posted', 'post')
    ) l JOIN ledger_account a ON a.id = l.account_id
    WINDOW w AS (PARTITION BY l.account_id ORDER BY l.command_id, l.number);
  UPDATE ledger_account a
    SET balance_fen = a.balance_fen + c.moved, entries = a.entries + c.entries, held_fen = a.held_fen + c.held
    FROM (
      SELECT account_id, sum(moved) AS moved, sum(entries) AS entries, sum(held) AS held FROM (
        SELECT f.from_id AS account_id,
          CASE WHEN f.phase IN ('posted', 'post') THEN -f.amount_fen ELSE 0 END AS moved,
          CASE WHEN f.phase IN ('posted', 'post') THEN 1 ELSE 0 END AS entries,
          CASE f.phase WHEN 'posted' THEN 0 WHEN 'pending' THEN f.amount_fen ELSE -p.amount_fen END AS held
        FROM fresh f LEFT JOIN ledger_transfer p ON p.id = f.pending_id
        UNION ALL
        SELECT to_id, amount_fen, 1, 0 FROM fresh WHERE phase IN ('posted', 'post')
      ) each_side GROUP BY account_id
    ) c WHERE c.account_id = a.id;
  RETURN NULL;
END
$$

CREATE FUNCTION ledger_only_by_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION '% is kept by the transfers: % is refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END
$$

-- At the commit: all transfers of a group are there, and its entries sum to zero.
CREATE FUNCTION ledger_group_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.transfers <> (SELECT count(*) FROM ledger_transfer WHERE command_id = NEW.command_id) THEN
    RAISE EXCEPTION 'group % is not whole', NEW.command_id USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM ledger_transfer t LEFT JOIN ledger_entry e ON e.transfer_id = t.id
    WHERE t.command_id = NEW.command_id AND t.phase IN ('posted', 'post')
    GROUP BY t.id HAVING count(e.account_id) <> 2 OR sum(e.amount_fen) <> 0
  ) THEN
    RAISE EXCEPTION 'group % is not balanced', NEW.command_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$

-- At the commit: a balance is what the last entry says, and what is held is what is pending.
CREATE FUNCTION ledger_account_true() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  account ledger_account;
  last ledger_entry;
BEGIN
  SELECT * INTO account FROM ledger_account WHERE id = NEW.id;
  SELECT * INTO last FROM ledger_entry WHERE account_id = NEW.id ORDER BY number DESC LIMIT 1;
  IF account.entries <> coalesce(last.number, 0) OR account.balance_fen <> coalesce(last.after_fen, 0) THEN
    RAISE EXCEPTION 'account % has another balance than its last entry', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  IF account.held_fen <> (
    SELECT coalesce(sum(p.amount_fen), 0) FROM ledger_transfer p
    WHERE p.from_id = NEW.id AND p.phase = 'pending'
      AND NOT EXISTS (SELECT 1 FROM ledger_transfer d WHERE d.pending_id = p.id)
  ) THEN
    RAISE EXCEPTION 'account % holds another sum than what is pending', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$

CREATE TRIGGER ledger_post AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_post()

CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ledger_group_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_group
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ledger_entry_only_by_posting BEFORE INSERT ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_by_posting()

CREATE TRIGGER ledger_account_only_by_posting BEFORE UPDATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_by_posting()

CREATE TRIGGER ledger_account_stays BEFORE DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ledger_account_begins_empty BEFORE INSERT ON ledger_account
  FOR EACH ROW WHEN (NEW.balance_fen <> 0 OR NEW.held_fen <> 0 OR NEW.entries <> 0)
  EXECUTE FUNCTION refuse_change()

CREATE CONSTRAINT TRIGGER ledger_group_whole AFTER INSERT ON ledger_group
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_group_whole()

CREATE CONSTRAINT TRIGGER ledger_account_true AFTER UPDATE ON ledger_account
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_account_true()

ALTER TABLE ledger_transfer
  ENABLE ALWAYS TRIGGER ledger_post,
  ENABLE ALWAYS TRIGGER ledger_transfer_append_only

ALTER TABLE ledger_group
  ENABLE ALWAYS TRIGGER ledger_group_append_only,
  ENABLE ALWAYS TRIGGER ledger_group_whole

ALTER TABLE ledger_entry
  ENABLE ALWAYS TRIGGER ledger_entry_append_only,
  ENABLE ALWAYS TRIGGER ledger_entry_only_by_posting

ALTER TABLE ledger_account
  ENABLE ALWAYS TRIGGER ledger_account_only_by_posting,
  ENABLE ALWAYS TRIGGER ledger_account_stays,
  ENABLE ALWAYS TRIGGER ledger_account_begins_empty,
  ENABLE ALWAYS TRIGGER ledger_account_true

GRANT SELECT, INSERT ON ledger_account, ledger_group, ledger_transfer TO gongjian_app

GRANT SELECT ON ledger_entry TO gongjian_app
