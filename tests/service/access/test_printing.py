from service.access.printing import as_walked


def test_letters_are_printed_in_the_order_in_which_somebody_walks() -> None:
    walked = ["1-1-101", "1-2-101", "2-1-101", "10-1-101", "10-1-1001", "A座-2", "A座-10", "独栋"]
    assert sorted(sorted(walked), key=as_walked) == walked
