import pytest

from eval.leaderboard.tokens import REMOVE_VARIABLE, SUBMIT_VARIABLE, Tokens, make_headers
from ld_data.errors import ForbiddenError, InputError, TokenError

TOKENS = Tokens("let-me-in", "Schlussel~")


def test_the_right_token_opens():
    TOKENS.check_submitter("Bearer let-me-in")
    TOKENS.check_submitter("bearer let-me-in")
    TOKENS.check_remover("Bearer Schlussel~")
    TOKENS.check_submitter(make_headers(SUBMIT_VARIABLE, {SUBMIT_VARIABLE: "let-me-in"})["Authorization"])
    TOKENS.check_remover(make_headers(REMOVE_VARIABLE, {REMOVE_VARIABLE: "Schlussel~"})["Authorization"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer let me", "Basic let-me-in", "let-me-in", "Bearer é☃"]
)
def test_another_token_does_not(header):
    for check in (TOKENS.check_submitter, TOKENS.check_remover):
        with pytest.raises(TokenError, match="Authorization: Bearer"):
            check(header)


def test_without_a_token_everyone_may_submit_and_no_one_remove():
    Tokens().check_submitter("")
    Tokens().check_submitter("Bearer anything")
    for header in ("", "Bearer ", "Bearer anything"):
        with pytest.raises(ForbiddenError, match="LD_DATA_REMOVE_TOKEN"):
            Tokens().check_remover(header)


def test_tokens_come_from_the_environment_and_are_never_printed():
    tokens = Tokens.of({"LD_DATA_SUBMIT_TOKEN": "secret-a", "LD_DATA_REMOVE_TOKEN": "secret-b"})
    assert (tokens.submit, tokens.remove) == ("secret-a", "secret-b")
    assert "secret" not in repr(tokens)
    assert Tokens.of({}) == Tokens()
    assert make_headers(SUBMIT_VARIABLE, {}) == {}


@pytest.mark.parametrize("token", ["Schlüssel", "two words", "a\nb", "☃"])
def test_a_token_that_a_header_cannot_carry_is_refused(token):
    for use in (
        lambda token: make_headers(REMOVE_VARIABLE, {REMOVE_VARIABLE: token}),
        Tokens,
        lambda token: Tokens(remove=token),
    ):
        with pytest.raises(InputError, match="ASCII"):
            use(token)
