"""What pages call by a word of the record has its sentence in both languages, however rare it is."""

import pytest

from models.messages.publication import Subject
from models.values import states
from models.values.actor import Role
from models.values.cost_sharing import FundingSource
from models.values.inspection import ItemState
from models.values.ledger import AccountKind, SumState, TransferKind, Unmatched
from models.values.waits import Consequence, LackKind
from rules.authority import ROLES_OF_ACT
from rules.four_eyes import Proposing
from service.pages.display import Language
from service.pages.wording import text

RUNNING = states.RenovationState.RUNNING
NAMED = {
    "publication_subject.": Subject,
    "then.": filter(None, Consequence),
    "lacks.": LackKind,
    "state.": states.RenovationState,
    "page.case_is_": (each for each in states.RenovationState if each is not RUNNING),
    "page.ticket_": states.TicketState,
    "page.contract_": states.ContractState,
    "page.certificate_": states.CertificateState,
    "page.suggestion_": states.SuggestionState,
    "page.item_": ItemState,
    "item.": ItemState,
    "bid.": states.BidState,
    "tender.": states.TenderState,
    "role.": Role,
    "ledger_account.": AccountKind,
    "transfer.": TransferKind,
    "sum_why.": Unmatched,
    "sum_kept.": SumState,
    "page.source_": FundingSource,
    "proposing.": Proposing,
    "choice.": states.SuspensionGround,
    "act_title.": ROLES_OF_ACT,
    "causes.": ROLES_OF_ACT,
}
"""How a template begins the code of a text, and the words that may follow."""
CODES = tuple(f"{begins}{word}" for begins, words in NAMED.items() for word in words)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_word_of_the_record_has_its_text(language: Language) -> None:
    texts = {code: text(code, language, {}) for code in CODES}
    assert len(texts) > 200
    assert [code for code, said in texts.items() if language == "zh_CN" and said.isascii()] == []
