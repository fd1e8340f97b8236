-- What a transfer costs: what was asked of each row is asked once of all rows of a statement. The checks of foreign
-- keys stand in the trigger that is always enabled; nothing that they name can be deleted or changed.
ALTER TABLE ledger_transfer
  DROP CONSTRAINT fk_ledger_transfer_command_id,
  DROP CONSTRAINT fk_ledger_transfer_from_id,
  DROP CONSTRAINT fk_ledger_transfer_to_id

ALTER TABLE ledger_entry
  DROP CONSTRAINT fk_ledger_entry_account_id,
  DROP CONSTRAINT fk_ledger_entry_transfer_id

DROP TRIGGER ledger_account_true ON ledger_account

DROP FUNCTION ledger_account_true

CREATE FUNCTION ledger_known() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  wrong TEXT;
BEGIN
  SELECT f.id INTO wrong FROM fresh f LEFT JOIN ledger_group g ON g.command_id = f.command_id
    LEFT JOIN ledger_account s ON s.id = f.from_id LEFT JOIN ledger_account t ON t.id = f.to_id
    WHERE g.command_id IS NULL OR s.id IS NULL OR t.id IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % names a group or an account that is not there', wrong
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END
$$

CREATE TRIGGER ledger_known AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_known()

ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER ledger_known

-- At the commit: all transfers of a group are there, its entries sum to zero, and of every account that it moved the
-- balance is what the last entry says, and what is held is what is pending.
CREATE OR REPLACE FUNCTION ledger_group_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  wrong TEXT;
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
  SELECT a.id INTO wrong FROM ledger_account a
    LEFT JOIN LATERAL (
      SELECT number, after_fen FROM ledger_entry WHERE account_id = a.id ORDER BY number DESC LIMIT 1) last ON true
    WHERE a.id IN (
        SELECT from_id FROM ledger_transfer WHERE command_id = NEW.command_id
        UNION SELECT to_id FROM ledger_transfer WHERE command_id = NEW.command_id)
      AND (a.entries <> coalesce(last.number, 0) OR a.balance_fen <> coalesce(last.after_fen, 0)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'account % has another balance than its last entry', wrong USING ERRCODE = 'check_violation';
  END IF;
  SELECT a.id INTO wrong FROM ledger_account a
    WHERE a.id IN (SELECT from_id FROM ledger_transfer WHERE command_id = NEW.command_id)
      AND a.held_fen <> (
        SELECT coalesce(sum(p.amount_fen), 0) FROM ledger_transfer p
        WHERE p.from_id = a.id AND p.phase = 'pending'
          AND NOT EXISTS (SELECT 1 FROM ledger_transfer d WHERE d.pending_id = p.id)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'account % holds another sum than what is pending', wrong USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$
