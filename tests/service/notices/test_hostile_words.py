"""Whatever somebody has written, a message goes to whom it is for and says that and nothing else."""

import aiosmtplib
import pytest

from service.notices.leaving import Attempt, Came, Outgoing
from service.notices.mail import MailWay
from tests.support.fields.forbidden import LONE_SURROGATE, OF_NO_LABEL
from tests.support.notices.mail import mail_server
from tests.support.pages.hostile import EVIL

SENDER, TO = "office@gongjian.test", "home@home.test"
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
    *("Content-Type", "Content-Transfer-Encoding", "MIME-Version", "X-Peer"),
}
WORDS = (
    *(each for each in OF_NO_LABEL if each != LONE_SURROGATE),
    EVIL,
    "Roof\r\nBcc: all@home.test\r\n\r\nPay to 6222",
    "Roof\n.\nQUIT\n",
    "=?utf-8?q?Roof=0ABcc:=20all@home.test?=",
    "=?utf-8?b?Um9vZgpCY2M6IGFsbEBob21lLnRlc3QKClBheQ==?= =?utf-8?q?=0A?=",
    "\x1b[2J",
    "{0.__class__}",
    "x" * 5_000,
)


async def test_hostile_words_stay_in_the_words_of_a_message() -> None:
    async with mail_server() as box:
        server = aiosmtplib.SMTP(hostname="127.0.0.1", port=box.port, start_tls=False)
        way = MailWay(server, SENDER, "gongjian.test", b"k" * 32)
        for words in WORDS:
            outgoing = Outgoing("0" * 64, TO, words, words, "en", "https://gongjian.test/v1")
            assert await way.send(outgoing) == Attempt(Came.TAKEN), ascii(words)
        await way.close()
    for words, taken in zip(WORDS, box.taken, strict=True):
        read = taken.message
        assert {*read.keys()} <= HEADERS, ascii(words)
        assert (taken.to, str(read["To"]), str(read["From"])) == (TO, TO, SENDER)
        assert read.get_content_type() == "text/plain"
        assert " ".join(words.split()) in " ".join(read.get_content().split()), ascii(words)


@pytest.mark.parametrize(
    "to",
    ["a\r\nBcc: b@c.test", "=?utf-8?q?a=0ABcc:b@c.test?=@d.test", "a", "", "a@b, c@d", "@", "<>"],
)
async def test_what_is_no_address_is_written_to_never(to: str) -> None:
    way = MailWay(aiosmtplib.SMTP(hostname="127.0.0.1", port=1), SENDER, "gongjian.test", b"k" * 32)
    outgoing = Outgoing("0" * 64, to, "Roof", "Roof", "en", "https://gongjian.test/v1")
    assert await way.send(outgoing) == Attempt(Came.NEVER, "address")
