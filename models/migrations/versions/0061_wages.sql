-- Wages first: what goes out to those who build has a kind, an account and a ceiling of its own.
ALTER TABLE ledger_transfer
  DROP CONSTRAINT ck_ledger_transfer_kind_known,
  ADD CONSTRAINT ck_ledger_transfer_kind_known CHECK (kind IN ('charge', 'promise', 'payment', 'taken_over', 'certified', 'retained', 'damages', 'bond_called', 'gain', 'works', 'measured', 'retention', 'withheld', 'wages', 'compensation', 'refund', 'reversal')),
  DROP CONSTRAINT ck_ledger_transfer_retention_posted,
  ADD CONSTRAINT ck_ledger_transfer_retention_posted
    CHECK (kind NOT IN ('retention', 'withheld', 'compensation', 'wages') OR phase = 'posted')

DROP INDEX ix_ledger_transfer_of_retention

CREATE INDEX ix_ledger_transfer_of_retention ON ledger_transfer (to_id)
  WHERE kind IN ('retention', 'withheld', 'compensation', 'wages')

CREATE OR REPLACE FUNCTION ledger_post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
      OR (f.kind = 'retention' AND t.kind = 'retention')
      OR (f.kind = 'compensation' AND t.kind = 'contractor')
      OR (f.kind = 'wages' AND t.kind = 'wages')
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
  -- What is kept back leaves its account as it was decided: to the contractor, or off the cost of the works.
  SELECT f.id INTO wrong FROM fresh f JOIN ledger_account t ON t.id = f.to_id
    WHERE f.kind IN ('retention', 'withheld') AND (t.kind <> 'retention' OR NOT EXISTS (
      SELECT 1 FROM retention_release r
      WHERE r.contract_id = t.name AND r.renovation_id = t.renovation_id
        AND CASE f.kind WHEN 'retention' THEN r.released_fen ELSE r.withheld_fen END >= (
          SELECT sum(o.amount_fen) FROM ledger_transfer o
          WHERE o.to_id = t.id AND o.kind = f.kind AND o.kind IN ('retention', 'withheld')))) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % releases more of a retention than was decided', wrong USING ERRCODE = 'check_violation';
  END IF;
  SELECT f.id INTO wrong FROM fresh f JOIN ledger_account t ON t.id = f.to_id
    WHERE f.kind = 'compensation' AND NOT EXISTS (
      SELECT 1 FROM termination e
      WHERE e.contract_id = t.name AND e.renovation_id = t.renovation_id AND e.settled_at IS NOT NULL
        AND e.damages_fen >= (
          SELECT sum(o.amount_fen) FROM ledger_transfer o
          WHERE o.to_id = t.id AND o.kind = 'compensation')) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % pays more damages than are owed', wrong USING ERRCODE = 'check_violation';
  END IF;
  -- Wages go out for a contract of the case, all together at most what it is worth, and come off what is owed under it.
  SELECT f.id INTO wrong FROM fresh f
    JOIN ledger_account s ON s.id = f.from_id JOIN ledger_account t ON t.id = f.to_id
    WHERE f.kind = 'wages' AND NOT (
      (s.kind = 'wages' AND t.kind = 'contractor' AND s.name = t.name AND s.balance_fen >= (
        SELECT sum(o.amount_fen) FROM fresh o WHERE o.from_id = s.id AND o.kind = 'wages'))
      OR (s.kind = 'escrow' AND t.kind = 'wages' AND EXISTS (
        SELECT 1 FROM contract c WHERE c.id = t.name AND c.renovation_id = t.renovation_id AND c.value_fen >= (
          SELECT sum(o.amount_fen) FROM ledger_transfer o WHERE o.to_id = t.id AND o.kind = 'wages')))) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % pays more wages than the contract is worth', wrong USING ERRCODE = 'check_violation';
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
