"""A case that has come far: a row behind each field that a door may tell of it.

They are written as rows, past the triggers and the keys of the tables: of many of them no case has all.
"""

import asyncpg

HASH = "0" * 64
MONEY = (
    """INSERT INTO payment (id, renovation_id, command_id, unit_number, amount_fen, source, received_at)
    VALUES ('{rid}.paid', '{rid}', '{rid}.paid', '{unit}', 300, 'owner', now()),
      ('{rid}.helped', '{rid}', '{rid}.helped', '{unit}', 5, 'relief', now())""",
    """INSERT INTO refund (renovation_id, unit_number, amount_fen, ordered_fen, paid_fen)
    VALUES ('{rid}', '{unit}', 7, 7, 5)""",
    """INSERT INTO relief (renovation_id, unit_number, kind, amount_fen, approved_by, funded_by)
    VALUES ('{rid}', '{unit}', 'subsistence', 5, 'street', 'the fund')""",
)
TENDERS = (
    """INSERT INTO tender (id, renovation_id, round, state, notice_at, deadline_at, ceiling_fen, estimate_fen,
      method, criteria) VALUES ('{rid}.far', '{rid}', 2, 'awarded', now() - interval '30 days',
      now() - interval '5 days', 900, 800, 'comprehensive', '{{"bid_bond_fen": 9}}')""",
    """INSERT INTO bid (id, tender_id, command_id, bidder_id, price_fen, technical_milli, bond_fen, bond_account,
      flags, submitted_at, state, grounds)
    SELECT '{rid}.far.' || n, '{rid}.far', '{rid}.far.' || n, bidder, 700 + n, 500, 9, '6222', '{{"author": "Zhou"}}',
      now() - interval '9 days', state, grounds::jsonb
    FROM (VALUES (1, '{bidder}', 'evaluated', '[]'), (2, 'rival', 'evaluated', '[]'),
      (3, 'late', 'rejected', '["bidding.too_late"]')) AS made (n, bidder, state, grounds)""",
    """INSERT INTO award (id, tender_id, rank, bidder_id, price_fen, state)
    VALUES ('{rid}.award', '{rid}.far', 1, '{bidder}', 701, 'awarded')""",
    """INSERT INTO contract (id, renovation_id, tender_id, bidder_id, value_fen, contingency_fen, retention_permille,
      signed_at, start_by) VALUES ('{rid}.k', '{rid}', '{rid}.far', '{bidder}', 701, 35, 30, now(), now())""",
    """INSERT INTO certificate (id, renovation_id, item_id, certified_fen, retention_fen, deductions_fen, payable_fen,
      state, approved_by, contract_id)
    VALUES ('{rid}.cert', '{rid}', '{rid}.w1', 700, 21, 9, 670, 'released', 'street', '{rid}.k')""",
    """INSERT INTO inspection (id, renovation_id, item_id, round, kind, outcome, inspector_id, defects, recorded_at,
      contract_id) VALUES ('{rid}.seen', '{rid}', '{rid}.w1', 1, 'stage', 'FAIL', 'engineer', '["a crack"]', now(),
      '{rid}.k')""",
    """INSERT INTO termination (contract_id, renovation_id, ground, after, bond_fen, damages_fen, decided_by,
      decided_at) VALUES ('{rid}.k', '{rid}', 'not_cured', 'retender', 3, 0, 'street', now())""",
    """INSERT INTO retention_release (contract_id, renovation_id, liability_until, released_fen, withheld_fen,
      decided_by, decided_at) VALUES ('{rid}.k', '{rid}', now(), 20, 1, 'street', now())""",
    "UPDATE work_item SET contract_id = '{rid}.k' WHERE renovation_id = '{rid}'",
)
WORDS = (
    """INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, confidential, level, state,
      opened_at, due_at, resolved_at, satisfied, about_unit)
    SELECT '{rid}.said' || n, '{rid}', '{rid}.said' || n, 'noise', 'it drills at night', '{unit}', n = 2, 'grid',
      'closed', now(), now() + interval '5 days', now(), true, '1-501' FROM generate_series(1, 2) n""",
    """INSERT INTO notice (id, renovation_id, command_id, audience, template, params, created_at, state)
    VALUES ('{hash}', '{rid}', '{rid}.answer', 'complainant', 'ticket_answered',
      '{{"ticket": "{rid}.said1", "answer": "we measured"}}', now(), 'sent')""",
    """INSERT INTO private.notice_message (id, notice_id, renovation_id, unit_number, channel, state, attempts,
      next_at) VALUES ('{hash}', '{hash}', '{rid}', '{unit}', 'email', 'delivered', 1, now())""",
    """INSERT INTO objection (id, publication_id, command_id, unit_number, text, filed_at, recorded_at, state, upheld,
      answer, answered_at, answered_by) VALUES ('{rid}.o', '{rid}.p', '{rid}.o', '{unit}', 'too dear', now(), now(),
      'answered', false, 'it is not', now(), 'street')""",
    """INSERT INTO published_picture (picture_id, renovation_id, command_id, content, sha256, blurred, published_by,
      published_at) VALUES ('{rid}.i', '{rid}', '{rid}.shown', 'x', '{hash}', 1, 'street', now())""",
    """INSERT INTO suggestion_reply (id, command_id, estate_id, renovation_id, outcome, reason, scheme_version, item,
      replied_by, replied_at)
    VALUES ('{rid}.reply', '{rid}.reply', '{rid}.estate', '{rid}', 'adopted', 'it is good', 1, 'roof', 'street', now())""",
    """UPDATE suggestion SET state = 'answered', reply_id = '{rid}.reply' WHERE renovation_id = '{rid}'
      AND state = 'open'""",
    """INSERT INTO suggestion (id, command_id, estate_id, renovation_id, theme, reason, proposal, words_sha256,
      written_by, state, submitted_at, hidden_because)
    VALUES ('{rid}.hidden', '{rid}.hidden', '{rid}.estate', '{rid}', 'Noise', 'loud', 'quiet', '{hash}', 'street',
      'hidden', now(), 'it names a neighbour')""",
)
VOTES = (
    """INSERT INTO attendance (box_id, entry_id, unit_number, command_id, recorded_at)
    VALUES ('{box}', '{unit}', '{unit}', '{rid}.came', now())""",
    """INSERT INTO vote_objection (box_id, entry_id, unit_number, command_id, objected_at, recorded_at)
    VALUES ('{box}', '{unit}', '{unit}', '{rid}.no', now(), now())""",
    """INSERT INTO ballot_ruling (box_id, entry_id, number, kind, up_to_seq, reason, command_id, recorded_at)
    VALUES ('{box}', '{unit}', 1, 'disputed', 0, 'another signature', '{rid}.ruled', now())""",
    """INSERT INTO official_result (box_id, system, certificate, file_sha256, results, command_id, recorded_at)
    VALUES ('{box}', 'city', 'no 7', '{hash}', '{{}}', '{rid}.city', now())""",
    """INSERT INTO door_visit (box_id, unit_number, outcome, envelope, visited_by, command_id, recorded_at)
    VALUES ('{box}', '{unit}', 'handed_over', 'e-9', 'grid', '{rid}.door', now())""",
    """INSERT INTO owner_replacement (renovation_id, unit_number, generation, box_id, entry_id, shared, buyer_key,
      registered_on, evidence, up_to_seq, replaced_by, command_id, recorded_at)
    VALUES ('{rid}', '1-602', 1, '{box}', '1-602', false, 'k', '2026-01-02', 'deed 7', 0, 'street', '{rid}.sold', now())""",
    """INSERT INTO paper_batch (id, box_id, reference, channel, scan, code_check, command_id, opened_at)
    VALUES ('{rid}.batch', '{box}', 'sheet 1', 'paper', 'scan 1', decode('{hash}', 'hex'), '{rid}.batch', now())""",
    """INSERT INTO paper_entry (batch_id, number, entered_by, ballots, invalid, command_id, recorded_at)
    VALUES ('{rid}.batch', 1, 'typist', 3, 1, '{rid}.typed', now())""",
    """INSERT INTO vote_opinion (box_id, unit_number, choices, command_id, said_at, recorded_at)
    VALUES ('{box}', '{unit}', '{{"works": "yes"}}', '{rid}.says', now(), now())""",
    """INSERT INTO survey_answer (command_id, renovation_id, unit_number, score, recorded_at)
    SELECT '{rid}.rate' || number, '{rid}', number, 4, now() FROM unit WHERE estate_id = '{rid}.estate'""",
    """INSERT INTO evaluation (renovation_id, indicator, numerator, denominator, missing, target_numerator,
      target_denominator) VALUES ('{rid}', 'satisfaction', 9, 10, 2, 85, 100)""",
    """INSERT INTO part_consent (renovation_id, work_id, unit_number, command_id, consented_at, recorded_at)
    VALUES ('{rid}', 'roof', '{unit}', '{rid}.part', now(), now())""",
)
OFFICES = (
    """INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)
    VALUES ('renovation/{rid}', 'open', '{rid}', false, 'ValueError at rules/x.py:1', 'e-77', now())""",
    """INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence, late_since,
      level) VALUES ('renovation/{rid}', 'open_vote', '', '{rid}', now(), now(), 'owners_committee', '',
      now() - interval '1 day', 'street_office')""",
    "INSERT INTO case_hold (renovation_id, name, set_by) VALUES ('{told}', 'typing', 'street')",
    """INSERT INTO notice (id, renovation_id, command_id, audience, template, params, created_at, state)
    VALUES ('{told}.told', '{told}', '{told}.told', 'owners_committee', 'act_reminded', '{{"what": "open_vote"}}',
      now(), 'sent')""",
    """INSERT INTO roll_import (estate_id, file_name, file_sha256, roll_sha256, imported_by, imported_at, units, heads,
      area_dm2, added, changed, removed)
    VALUES ('{rid}.estate', 'roll.csv', '{hash}', '{hash}', 'street', now(), 12, 12, 9, 12, 0, 0)""",
    """INSERT INTO private.passkey (id, account_id, public_key, sign_count, created_at, label)
    VALUES ('far-key', '{keeper}', 'x', 0, now(), 'my telephone')""",
    """INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id, registered_by, created_at)
    VALUES ('far-firm', '91370700MA3C000001', 'Firm', 'limited', '0536', 'second class', 'd', '{keeper}', now())""",
    """INSERT INTO private.firm_person (firm_id, person_id, added_by, added_at)
    VALUES ('far-firm', 'newcomer', '{keeper}', now())""",
    """INSERT INTO role_grant (actor_id, label, role, place_id, reason)
    VALUES ('far-firm', 'Firm', 'contractor', 'd', 'registered')""",
    """INSERT INTO private.api_client (id, actor_id, scopes, made_by, created_at)
    VALUES ('far-program', '{keeper}', ARRAY['feed'], '{keeper}', now())""",
    """INSERT INTO private.webhook (id, actor_id, place_path, kinds, training, url, secret, state, position, next_at,
      created_at) VALUES ('far-hook', '{keeper}', 'd', '{{}}', false, 'https://portal.example', 'x', 'paused', 0, now(),
      now())""",
    """INSERT INTO private.webhook_delivery (webhook_id, position, attempt, sent_at, milliseconds, status, error)
    VALUES ('far-hook', 1, 1, now(), 9, 204, '')""",
)
EVERY = (*MONEY, *TENDERS, *WORDS, *VOTES, *OFFICES)


async def come_far(superuser: str, **names: str) -> None:
    """Write all rows; what the tables do not take is said at once, all of it.

    `names` are those of the templates: the cases `rid` and `told`, the home `unit`, the `box`, the firm `bidder`,
    and the official `keeper`.
    """
    sql = await asyncpg.connect(superuser)
    await sql.execute("SET session_replication_role = replica")
    wrong: list[str] = []
    for statement in EVERY:
        try:
            await sql.execute(statement.format(hash=HASH, **names))
        except asyncpg.PostgresError as error:
            wrong.append(f"{error}: {statement}")
    await sql.close()
    assert not wrong, "\n".join(wrong)
