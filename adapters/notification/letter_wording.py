"""What our letters say."""

from html import escape
from typing import assert_never

from adapters.notification.wording import (
    Wording,
    html_heading,
    html_page,
    html_paragraph,
    moment_text,
    one_line,
)
from application.ports.postman import LetterText
from domain.notifications.letter import LetterKind

_CODE_STYLE = (
    "margin:16px 0;padding:12px 16px;background:#f5f3f0;border-radius:6px;font-family:monospace;"
    "font-size:13px;word-break:break-all;color:#1c1917"
)


def letter_wording_of(letter: LetterText) -> Wording:
    """Put *letter* into words; whatever users named is escaped and kept to its line."""
    headline, before, after = _words(letter)
    greeting = "Hello," if letter.username is None else f"Hello {one_line(letter.username)},"
    paragraphs = [greeting, *before]
    reference = f"Account at {letter.base_url}"
    lines = [headline, *paragraphs]
    rows = [html_heading(headline), *(html_paragraph(escape(text)) for text in paragraphs)]
    if letter.token is not None:
        lines.append(letter.token)
        rows.append(f'<p style="{_CODE_STYLE}">{escape(letter.token)}</p>')
    lines += [*after, f"-- \nSafelight · {reference}"]
    rows += [html_paragraph(escape(text), size=13) for text in after]
    return Wording(
        subject=headline, text="\n\n".join(lines) + "\n", html=html_page(rows, reference)
    )


def _words(  # noqa: PLR0911  # one return a kind
    letter: LetterText,
) -> tuple[str, list[str], list[str]]:
    """Return the headline, what stands before the token, and what stands after it."""
    when = moment_text(letter.occurred_at)
    match letter.kind:
        case LetterKind.PASSWORD_RESET:
            return (
                "Choose a new password",
                [
                    "Somebody, we hope you, has forgotten the password of your account.",
                    (
                        f"Send this token with a new password to {letter.base_url}"
                        '/api/auth/password/reset, as {"token": "…", "newPassword": "…"}:'
                    ),
                ],
                [
                    _good_until(letter),
                    (
                        "You did not ask for it? Then do nothing: without the token your password "
                        "stays as it is."
                    ),
                ],
            )
        case LetterKind.EMAIL_VERIFICATION:
            return (
                "Is this address yours?",
                [
                    (
                        "Your account names this e-mail address. To show that it is yours, send "
                        f"this token to {letter.base_url}/api/auth/verify-email, as "
                        '{"token": "…"}:'
                    ),
                ],
                [_good_until(letter), "You know of no account? Then do nothing."],
            )
        case LetterKind.PASSWORD_CHANGED:
            return (
                "Your password was changed",
                [
                    (
                        f"The password of your account was changed on {when}, and everybody else "
                        "who was signed in is signed out."
                    ),
                    (
                        "It was not you? Then choose a new one at once: POST "
                        f"{letter.base_url}/api/auth/password/forgot has a letter sent to you."
                    ),
                ],
                [],
            )
        case LetterKind.EMAIL_CHANGED:
            return (
                "Your e-mail address was changed",
                [
                    (
                        f"On {when} the address of your account was changed from this one to "
                        f"{one_line(letter.new_email or '')}. Letters go there from now on."
                    ),
                    "It was not you? Then tell whoever runs this service, at once.",
                ],
                [],
            )
        case LetterKind.IDENTITY_LINKED:
            return (
                "There is a new way to sign in to your account",
                [
                    (
                        f"On {when} an identity provider was linked to your account. Whoever signs "
                        "in there as the person that was linked gets into your account."
                    ),
                    (
                        "It was not you? Then unlink it, DELETE "
                        f"{letter.base_url}/api/auth/identities/…, and choose a new password."
                    ),
                ],
                [],
            )
        case LetterKind.ALREADY_REGISTERED:
            return (
                "You have an account already",
                [
                    (
                        "Somebody, we hope you, wanted to open an account with this e-mail address "
                        f"on {when}. There is one: sign in with it, at "
                        f"{letter.base_url}/api/auth/login."
                    ),
                    (
                        "You have forgotten its password? POST "
                        f"{letter.base_url}/api/auth/password/forgot has a letter sent to you."
                    ),
                    "It was not you? Then do nothing: your account stays as it is.",
                ],
                [],
            )
        case LetterKind.ACCOUNT_ERASED:
            return (
                "Your account was erased",
                [
                    (
                        f"The account with this e-mail address was erased on {when}, with its "
                        "pictures and everything else that belonged to it. Nobody can sign in to "
                        "it any more, and nothing brings it back."
                    ),
                    (
                        "It was not you? Then tell whoever runs this service. This address is "
                        "forgotten with this letter, the last one."
                    ),
                ],
                [],
            )
        case LetterKind.WEBHOOK_DISABLED:
            return (
                "A webhook of yours is called no more",
                [
                    (
                        f"On {when} a receiver of your webhooks answered 410, which means that it "
                        "wants to hear no more. We call it no more."
                    ),
                    (
                        f"GET {letter.base_url}/api/webhooks shows which: its disabledAt is a "
                        "date. To have it called again, add its URL again."
                    ),
                ],
                [],
            )
        case _:
            assert_never(letter.kind)


def _good_until(letter: LetterText) -> str:
    until = moment_text(letter.token_expires_at) if letter.token_expires_at else ""
    return f"The token works once, until {until}, for whoever has it."
