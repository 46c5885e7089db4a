"""The commands by which a newcomer tries everything: one text for whoever shows it."""

from string import Template
from typing import Final

# The README walks through the same commands; a test holds the two together.
_SESSION: Final = Template(r"""BASE=$base

# open an account, once
curl -sS $$BASE/api/auth/register -H 'Content-Type: application/json' \
  -d '{"username": "user1", "email": "user1@example.com", "password": "password123"}'; echo

# sign in
TOKEN=$$(curl -sS $$BASE/api/auth/login -H 'Content-Type: application/json' \
  -d '{"email": "user1@example.com", "password": "password123"}' \
  | sed 's/.*"token":"\([^"]*\)".*/\1/')

# upload, and say what is to be done
IMAGE=$$(curl -sS $$BASE/api/images/upload -H "Authorization: Bearer $$TOKEN" \
  -F image=@$picture \
  -F 'processingOptions={"resize": "800x600", "watermark": "logo.png"}' \
  | sed 's/.*"imageId":"\([^"]*\)".*/\1/')

# wait until it is done
until curl -sS $$BASE/api/images/$$IMAGE/status -H "Authorization: Bearer $$TOKEN" \
  | grep -E '"(completed|failed)"'; do sleep 0.2; done

# fetch the result
LINK=$$(curl -sS $$BASE/api/images/$$IMAGE/download -H "Authorization: Bearer $$TOKEN" \
  | sed 's/.*"downloadUrl":"\([^"]*\)".*/\1/')
curl -sS -o $result "$$LINK"
""")


def first_session(base_url: str, *, picture: str = "photo.jpg", result: str = "after.jpg") -> str:
    """
    Return a shell session: register, sign in, upload *picture*, wait, fetch to *result*.

    *picture* and *result* are paths as a shell reads them.
    """
    return _SESSION.substitute(base=base_url, picture=picture, result=result).rstrip()
