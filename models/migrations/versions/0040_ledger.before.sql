-- Cases that are under way: what was charged, paid and released before is carried into the ledger, under the
-- last event of each case. A relief that was approved is owed by its fund: nobody paid it in. Money goes out only as far as the case has taken money in; the rest stays owed.
UPDATE certificate c SET inspection_id = i.id, passed = true
FROM (
  SELECT DISTINCT ON (item_id, contract_id) id, item_id, contract_id, passed FROM inspection
  WHERE item_id IS NOT NULL ORDER BY item_id, contract_id, round DESC
) i
WHERE i.item_id = c.item_id AND i.contract_id IS NOT DISTINCT FROM c.contract_id AND i.passed
  AND EXISTS (SELECT 1 FROM work_item w WHERE w.id = c.item_id AND w.state = 'passed')

CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
WITH in_force AS (
  SELECT renovation_id, min(array_position(ARRAY['settlement', 'award', 'estimate'], basis::text)) AS place
  FROM share_total GROUP BY renovation_id
), settled AS (
  SELECT t.contract_id, t.renovation_id, t.damages_fen, t.bond_fen FROM termination t
  WHERE t.settled_at IS NOT NULL
), certified AS (
  SELECT c.id, c.renovation_id, c.contract_id, c.payable_fen, c.retention_fen,
    c.state = 'released' AND c.passed IS TRUE AS payable
  FROM certificate c
  WHERE c.contract_id IS NOT NULL
    AND (c.state <> 'blocked' OR c.contract_id IN (SELECT contract_id FROM settled))
), came_in AS (
  SELECT renovation_id, sum(amount_fen) AS fen FROM payment
  WHERE NOT starts_with(id, renovation_id || '.relief.') GROUP BY renovation_id
), queue AS (
  SELECT renovation_id, 1 AS turn, id AS name, payable_fen AS fen FROM certified WHERE payable
  UNION ALL
  SELECT renovation_id, 2, unit_number, amount_fen FROM refund WHERE paid
), out AS (
  SELECT q.renovation_id, q.turn, q.name, greatest(0, least(q.fen, i.fen - (
    sum(q.fen) OVER (PARTITION BY q.renovation_id ORDER BY q.turn, q.name) - q.fen))) AS fen
  FROM queue q JOIN came_in i USING (renovation_id)
)
SELECT s.renovation_id, s.renovation_id || '.before.charge.' || s.unit_number AS id, 'charge' AS kind,
  'project' AS from_kind, '' AS from_name, 'household' AS to_kind, s.unit_number AS to_name,
  s.amount_fen, NULL AS certificate_id, NULL::boolean AS passed, 1 AS turn
FROM share_total s JOIN in_force f
  ON f.renovation_id = s.renovation_id
  AND s.basis = (ARRAY['settlement', 'award', 'estimate'])[f.place]
UNION ALL
SELECT renovation_id, id, CASE source WHEN 'owner' THEN 'payment' ELSE 'taken_over' END,
  'household', unit_number, CASE source WHEN 'owner' THEN 'escrow' ELSE source END, '', amount_fen, NULL, NULL, 2
FROM payment
UNION ALL
SELECT renovation_id, id || '.in', 'payment', source, '', 'escrow', '', amount_fen, NULL, NULL, 3
FROM payment WHERE source <> 'owner' AND NOT starts_with(id, renovation_id || '.relief.')
UNION ALL
SELECT renovation_id, id || '.owed', 'certified', 'contractor', contract_id, 'project', '', payable_fen, NULL, NULL, 4
FROM certified
UNION ALL
SELECT renovation_id, id || '.kept', 'retained', 'retention', contract_id, 'project', '', retention_fen, NULL, NULL, 5
FROM certified
UNION ALL
SELECT renovation_id, contract_id || '.damages', 'damages', 'contractor', contract_id, 'project', '', damages_fen, NULL, NULL, 6
FROM settled
UNION ALL
SELECT renovation_id, contract_id || '.bond', 'bond_called', 'project', '', 'bond', contract_id, bond_fen, NULL, NULL, 7
FROM settled
UNION ALL
SELECT o.renovation_id, o.name || '.paid', 'works', 'escrow', '', 'contractor', c.contract_id, o.fen::bigint, c.id, true, 8
FROM out o JOIN certified c ON c.id = o.name WHERE o.turn = 1
UNION ALL
SELECT renovation_id, renovation_id || '.before.refund.' || name, 'refund', 'escrow', '', 'household', name, fen::bigint, NULL, NULL, 9
FROM out WHERE turn = 2

DELETE FROM carried WHERE amount_fen <= 0

INSERT INTO ledger_account (renovation_id, kind, name, never_negative)
SELECT renovation_id, kind, name, kind = 'escrow' FROM (
  SELECT renovation_id, from_kind AS kind, from_name AS name FROM carried
  UNION SELECT renovation_id, to_kind, to_name FROM carried
) a ORDER BY renovation_id, kind, name

INSERT INTO ledger_group (command_id, renovation_id, transfers)
SELECT e.command_id, c.renovation_id, c.transfers
FROM (SELECT renovation_id, count(*) AS transfers FROM carried GROUP BY renovation_id) c
JOIN renovation r ON r.id = c.renovation_id
JOIN event e ON e.renovation_id = r.id AND e.seq = r.head_seq

INSERT INTO ledger_transfer
  (id, command_id, number, from_id, to_id, amount_fen, kind, certificate_id, passed, event_at)
SELECT c.id, e.command_id, row_number() OVER (PARTITION BY c.renovation_id ORDER BY c.turn, c.id),
  s.id, t.id, c.amount_fen, c.kind, c.certificate_id, c.passed, e.happened_at
FROM carried c
JOIN renovation r ON r.id = c.renovation_id
JOIN event e ON e.renovation_id = r.id AND e.seq = r.head_seq
JOIN ledger_account s ON s.renovation_id = c.renovation_id AND s.kind = c.from_kind AND s.name = c.from_name
JOIN ledger_account t ON t.renovation_id = c.renovation_id AND t.kind = c.to_kind AND t.name = c.to_name
ORDER BY c.renovation_id, c.turn, c.id

SET CONSTRAINTS ALL IMMEDIATE
