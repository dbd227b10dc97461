from hypothesis import given
from hypothesis import strategies as st

from twin.model.budget.money import cents, part, split

amounts = st.integers(-(10**10), 10**10)


@given(amounts, st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_shares_add_up_to_the_cent_and_are_within_one_of_their_part(total, weights):
    shares = split(total, weights)
    assert sum(shares) == total
    every = sum(weights)
    if every > 1e-6:
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share - total * (weight / every)) < 1.01


@given(st.integers(0, 10**10), st.integers(1, 400))
def test_parts_add_up_to_the_whole_and_never_shrink(total, whole):
    parts = [part(total, done, whole) for done in range(whole + 1)]
    assert (parts[0], parts[-1]) == (0, total)
    assert parts == sorted(parts)


@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_of_cents_is_kept(amount):
    assert cents(amount / 100) == amount
