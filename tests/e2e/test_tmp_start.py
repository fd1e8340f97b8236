from tests.e2e.test_newcomer import Journey, newcomer


def test_x(newcomer, tmp_path):
    j = Journey(newcomer, tmp_path)
    print(j.rid, j.status())
    print(newcomer.run("clock", j.rid, "next"))
    j.act("open_vote", "committee-1")
