DROP TRIGGER ledger_known ON ledger_transfer

DROP FUNCTION ledger_known

ALTER TABLE ledger_transfer
  ADD CONSTRAINT fk_ledger_transfer_command_id FOREIGN KEY(command_id) REFERENCES ledger_group (command_id),
  ADD CONSTRAINT fk_ledger_transfer_from_id FOREIGN KEY(from_id) REFERENCES ledger_account (id),
  ADD CONSTRAINT fk_ledger_transfer_to_id FOREIGN KEY(to_id) REFERENCES ledger_account (id)

ALTER TABLE ledger_entry
  ADD CONSTRAINT fk_ledger_entry_account_id FOREIGN KEY(account_id) REFERENCES ledger_account (id),
  ADD CONSTRAINT fk_ledger_entry_transfer_id FOREIGN KEY(transfer_id) REFERENCES ledger_transfer (id)

CREATE OR REPLACE FUNCTION ledger_group_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

CREATE CONSTRAINT TRIGGER ledger_account_true AFTER UPDATE ON ledger_account
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_account_true()

ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_true
