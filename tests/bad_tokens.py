"""
Tokens that must open nothing, made by somebody who knows everything but should not get in.

Row 64 of the catalogue of bad inputs. The forger has the very key of the platform, a session that
is alive and the right claims; so each token fails for the one thing that is wrong with it.
"""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import attrs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.catalogue.installation import KEY, Person

_PEM = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def b64(content: bytes) -> str:
    """Return *content* as JWS has it: for URLs, unpadded."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@attrs.frozen
class Forger:
    """
    Makes tokens of a person's living session.

    Attributes:
        now: Seconds since 1970.
    """

    person: Person
    session_id: str
    now: int
    key: bytes = KEY.encode()

    def good(self) -> str:
        """Return a token that opens doors, to show that the workshop works."""
        return self.signed()

    def signed(
        self,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        *,
        key: bytes | None = None,
        digest: Any = hashlib.sha256,
    ) -> str:
        """Return a signed token: a good one but for what is overridden; None leaves it out."""
        head = {"alg": "HS256", "typ": "at+jwt", "kid": "1"} | (header or {})
        body = self.claims() | (claims or {})
        return self.sealed(_without_none(head), _without_none(body), key=key, digest=digest)

    def claims(self) -> dict[str, Any]:
        return {
            "iss": "safelight",
            "aud": "safelight",
            "sub": str(self.person.user_id),
            "jti": self.session_id,
            "iat": self.now,
            "exp": self.now + 600,
        }

    def sealed(
        self, head: bytes, body: bytes, *, key: bytes | None = None, digest: Any = hashlib.sha256
    ) -> str:
        """Return a token of these very bytes, signed."""
        text = f"{b64(head)}.{b64(body)}"
        return f"{text}.{b64(hmac.digest(key or self.key, text.encode(), digest))}"

    def tokens(self) -> dict[str, str]:
        """Return every bad token, by what is wrong with it."""
        found: dict[str, str] = {}
        for make in (
            self._without_a_signature,
            self._by_other_algorithms,
            self._that_choose_their_key,
            self._with_more_in_the_header,
            self._of_other_types,
            self._of_other_times,
            self._for_other_people,
            self._written_strangely,
            self._signed_strangely,
            self._cut_and_glued,
            self._that_are_none,
        ):
            for name, token in make():
                assert name not in found, name
                found[name] = token
        return found

    def _without_a_signature(self) -> Iterator[tuple[str, str]]:
        for alg in ("none", "None", "NONE", "nOnE", "none ", " none", "nonе", "none\0", "", "null"):
            token = self.signed({"alg": alg})
            head, body, signature = token.split(".")
            yield f"alg {alg!r}", f"{head}.{body}."
            yield f"alg {alg!r}, signed all the same", token
        head, body, _ = self.good().split(".")
        yield "no signature", f"{head}.{body}."
        yield "no third part", f"{head}.{body}"

    def _by_other_algorithms(self) -> Iterator[tuple[str, str]]:
        for alg, digest in (("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
            yield f"{alg} with our key", self.signed({"alg": alg}, digest=digest)
        for alg in (
            "HS256K",
            "hs256",
            "Hs256",
            "HS256 ",
            "HS1",
            "HS2",
            "RS256",
            "ES256",
            "PS256",
            "EdDSA",
            "dir",
        ):
            yield f"{alg}, signed by HS256", self.signed({"alg": alg})
        for alg in (None, 256, ["HS256"], {"name": "HS256"}, True):
            yield f"alg {alg!r}", self.signed({"alg": alg})
        yield from self._by_pairs_of_keys()

    def _by_pairs_of_keys(self) -> Iterator[tuple[str, str]]:
        """Signed well, by keys that we have never seen; and by our secret taken for such a key."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        curve = ec.generate_private_key(ec.SECP256R1())
        edwards = ed25519.Ed25519PrivateKey.generate()
        sha = hashes.SHA256()
        for alg, sign in (
            ("RS256", lambda data: private.sign(data, padding.PKCS1v15(), sha)),
            ("PS256", lambda data: private.sign(data, padding.PSS(padding.MGF1(sha), 32), sha)),
            ("ES256", lambda data: curve.sign(data, ec.ECDSA(sha))),
            ("EdDSA", edwards.sign),
        ):
            head, body, _ = self.signed({"alg": alg}).split(".")
            yield (
                f"{alg} by a key of their own",
                f"{head}.{body}.{b64(sign(f'{head}.{body}'.encode()))}",
            )
        head, body, _ = self.signed({"alg": "ES256"}).split(".")
        yield "ES256 of zeros", f"{head}.{body}.{b64(bytes(64))}"
        public = private.public_key().public_bytes(*_PEM)
        yield "HS256 by a public key", self.signed(key=public)
        yield "RS256, HS256 by a public key", self.signed({"alg": "RS256"}, key=public)

    def _that_choose_their_key(self) -> Iterator[tuple[str, str]]:
        own = b"a" * 32
        jwk = {"kty": "oct", "k": b64(own), "alg": "HS256", "kid": "1"}
        yield "jwk with their key", self.signed({"jwk": jwk}, key=own)
        yield "jwk with our key", self.signed({"jwk": jwk | {"k": b64(self.key)}})
        yield "jwk empty", self.signed({"jwk": {}})
        for name in ("jku", "x5u"):
            for url in ("https://evil.example/keys", "http://127.0.0.1/", "file:///dev/null", ""):
                yield f"{name} {url!r}", self.signed({name: url}, key=own)
        yield "jku beside our key", self.signed({"jku": "https://evil.example/keys"})
        yield "x5c", self.signed({"x5c": ["MIIB"]}, key=own)
        yield "x5t", self.signed({"x5t": b64(bytes(20)), "x5t#S256": b64(bytes(32))})
        for kid in (
            "../../../../dev/null", "/dev/null", "/proc/sys/kernel/randomize_va_space", "tokens.key",
            "1' UNION SELECT 'a' --", "1'; DROP TABLE users; --", "' OR '1'='1", "1\0", "1 ", " 1", "2", "",
            "*", "$(id)", "|id", "{{7*7}}", "http://evil.example/key", "x" * 200, "１", "__class__",
        ):  # fmt: skip
            yield f"kid {kid[:40]!r}", self.signed({"kid": kid}, key=b"\0")
        for kid in (1, 1.0, True, ["1"], {"1": "1"}, None):
            yield f"kid {kid!r}", self.signed({"kid": kid})

    def _with_more_in_the_header(self) -> Iterator[tuple[str, str]]:
        for more in (
            {"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": True}, {"b64": False},
            {"zip": "DEF"}, {"cty": "JWT"}, {"enc": "A128GCM"}, {"epk": {}}, {"p2c": 10**9}, {"url": "/"},
            {"nonce": "x"}, {"exp": 10**10}, {"alg2": "none"}, {"": ""},
        ):  # fmt: skip
            yield f"header with {json.dumps(more)}", self.signed(more)
        head = _without_none({"alg": "HS256", "typ": "at+jwt", "kid": "1", "zip": "DEF"})
        packed = zlib.compress(_without_none(self.claims()), wbits=-15)
        yield "claims really packed", self.sealed(head, packed)

    def _of_other_types(self) -> Iterator[tuple[str, str]]:
        for typ in (
            "JWT", "jwt", "at+JWT", "AT+JWT", "application/at+jwt", "rt+jwt", "id+jwt", "dpop+jwt", "JOSE",
            "", None, 1, ["at+jwt"], "at+jwt ",
        ):  # fmt: skip
            yield f"typ {typ!r}", self.signed({"typ": typ})
        yield "the refresh token", self.person.refresh_token

    def _of_other_times(self) -> Iterator[tuple[str, str]]:
        now = self.now
        for exp in (
            None, str(now + 600), now + 600.5, float("nan"), float("inf"), 1e300, -1, 0, now - 60, True,
            [now + 600], {"$gt": 0}, "", "never", f"{now + 600}.0", "2099-01-01T00:00:00Z", -(2**63),
        ):  # fmt: skip
            yield f"exp {_told(exp, now)}", self.signed(claims={"exp": exp})
        for iat in (None, str(now), now + 300, now + 0.5, float("inf"), True, [now], 10**18, ""):
            yield f"iat {_told(iat, now)}", self.signed(claims={"iat": iat})
        for nbf in (now + 300, now - 60, 10**12):
            yield f"nbf {_told(nbf, now)}", self.signed(claims={"nbf": nbf})
        for nbf in ("soon", str(now + 300), [now], True, float("nan"), 1.5):
            yield f"nbf {_told(nbf, now)}", self.signed(claims={"nbf": nbf})

    def _for_other_people(self) -> Iterator[tuple[str, str]]:
        for iss in (None, "", "Safelight", "safelight ", "https://evil.example", ["safelight"], 1):
            yield f"iss {iss!r}", self.signed(claims={"iss": iss})
        for aud in (
            None, "", "Safelight", "billing", ["safelight"], ["billing", "safelight"], [], 1, {"safelight": 1},
            "safelight,billing", "*",
        ):  # fmt: skip
            yield f"aud {aud!r}", self.signed(claims={"aud": aud})
        for sub in (None, "", "admin", 1, ["x"], {"$ne": ""}, "' OR 1=1 --"):
            yield f"sub {sub!r}", self.signed(claims={"sub": sub})
        for jti in (None, "", "1", 1, [self.session_id], f"{self.session_id}x", "' OR 1=1 --"):
            said = repr(jti).replace(self.session_id, "…")
            yield f"jti {said}", self.signed(claims={"jti": jti})
        yield "jti of no session", self.signed(claims={"jti": str(uuid4())})

    def _written_strangely(self) -> Iterator[tuple[str, str]]:
        head = _without_none({"alg": "HS256", "typ": "at+jwt", "kid": "1"})
        body = _without_none(self.claims())
        yield "alg twice, none last", self.sealed(head[:-1] + b',"alg":"none"}', body)
        yield "alg twice, none first", self.sealed(b'{"alg":"none",' + head[1:], body)
        yield "kid twice", self.sealed(head[:-1] + b',"kid":"2"}', body)
        yield "typ twice", self.sealed(head[:-1] + b',"typ":"JWT"}', body)
        yield "alg twice, the same", self.sealed(head[:-1] + b',"alg":"HS256"}', body)
        yield "exp twice", self.sealed(head, body[:-1] + b',"exp":9999999999}')
        yield "jti twice", self.sealed(head, b'{"jti":"x",' + body[1:])
        for name, wrong in {
            "a list": b"[]", "null": b"null", "a text": b'"x"', "a number": b"1", "nothing": b"",
            "half of it": b'{"a":', "no UTF-8": b'{"a":"\xff"}', "nested deeply": b"[" * 600,
            "NaN": b'{"alg":NaN}', "UTF-16": '{"alg":"HS256"}'.encode("utf-16"),
        }.items():  # fmt: skip
            yield f"header {name}", self.sealed(wrong, body)
            yield f"claims {name}", self.sealed(head, wrong)
        yield "header with a byte order mark", self.sealed(b"\xef\xbb\xbf" + head, body)
        yield "claims with a byte order mark", self.sealed(head, b"\xef\xbb\xbf" + body)
        yield "header with garbage behind", self.sealed(head + b"x", body)
        yield "claims with garbage behind", self.sealed(head, body + b"{}")
        yield "a token in a token", self.sealed(head, self.good().encode())
        yield "claims of an inner token", self.signed({"cty": "JWT"}, {"jwt": self.good()})

    def _signed_strangely(self) -> Iterator[tuple[str, str]]:
        for name, key in {
            "an empty key": b"\0", "a guess": b"secret", "half of ours": self.key[:24],
            "ours, and a line break": self.key + b"\n", "ours as Base64": base64.b64encode(self.key),
            "ours in hex": self.key.hex().encode(),
        }.items():  # fmt: skip
            yield f"signed by {name}", self.signed(key=key)
        head, body, signature = self.good().split(".")
        digest = hmac.digest(self.key, f"{head}.{body}".encode(), "sha256")
        for name, other in {
            "cut": signature[:-4], "cut by one": signature[:-1], "half": signature[:21], "one letter": "A",
            "padded": f"{signature}=", "padded twice": f"{signature}==", "and more": f"{signature}AAAA",
            "in hex": digest.hex(), "of zeros": b64(bytes(32)), "of the claims alone": b64(
                hmac.digest(self.key, body.encode(), "sha256")),
            "raw": digest.decode("latin-1").replace(",", "."), "re-encoded": base64.b64encode(digest).decode() + "==",
            "in upper case": signature.upper(), "turned round": signature[::-1],
            "twice": signature + signature, "of an empty text": b64(hmac.digest(self.key, b"", "sha256")),
        }.items():  # fmt: skip
            yield f"signature {name}", f"{head}.{body}.{other}"
        spare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = spare[spare.index(signature[-1]) ^ 1]
        yield "signature with a spare bit set", f"{head}.{body}.{signature[:-1]}{last}"

    def _cut_and_glued(self) -> Iterator[tuple[str, str]]:
        good = self.good()
        head, body, signature = good.split(".")
        other = self.signed(claims={"exp": self.now + 601}).split(".")
        yield "claims of another token", f"{head}.{other[1]}.{signature}"
        yield "signature of another token", f"{head}.{body}.{other[2]}"
        for name, token in {
            "four parts": f"{good}.{signature}", "five parts": f"{good}..", "six parts": f"{good}.{good}",
            "one part": head, "two dots": "..", "dots": "....", "one dot": ".", "nothing": "",
            "no header": f".{body}.{signature}", "no claims": f"{head}..{signature}",
            "only a signature": f"..{signature}", "parts swapped": f"{body}.{head}.{signature}",
            "padded parts": f"{head}==.{body}==.{signature}", "a dot before": f".{good}",
            "a dot behind": f"{good}.", "a space inside": f"{head} .{body}.{signature}",
            "a space behind the dot": f"{head}. {body}.{signature}", "a line break": f"{head}.{body}\n.{signature}",
            "a tab behind": f"{good}\t.", "percent-encoded": good.replace(".", "%2E"), "quoted": f'"{good}"',
            "in brackets": f"<{good}>", "in upper case": good.upper(), "with its scheme": f"Bearer {good}",
            "twice": f"{good} {good}", "NUL behind": f"{good}\0", "a full-width dot": good.replace(".", "．"),
            "not ASCII": f"{good[:-1]}é", "no UTF-8": good[:-1] + "\xff", "a slash behind": f"{good}/",
            "URL-safe signs for the others": good.replace("-", "+").replace("_", "/") + "+",
        }.items():  # fmt: skip
            yield name, token

    def _that_are_none(self) -> Iterator[tuple[str, str]]:
        head, body, signature = self.good().split(".")
        flat = {"protected": head, "payload": body, "signature": signature}
        yield "JSON, flattened", json.dumps(flat)
        yield "JSON, general", json.dumps({"payload": body, "signatures": [flat]})
        yield "JSON, as Base64", b64(json.dumps(flat).encode())
        yield "an encrypted one", f"{head}.x.x.{body}.{signature}"
        yield "PASETO", f"v4.local.{body}"
        yield "an API key that nobody has", f"sl_{'0' * 32}_{'0' * 64}"
        yield "half an API key", f"sl_{'0' * 32}"
        yield "the session's id", self.session_id
        yield "the user's id", str(self.person.user_id)
        yield "a word", "null"
        yield "an object of JavaScript", "[object Object]"
        yield "1 MB", "A" * 1_000_000
        yield "1 MB behind a good one", self.good() + "A" * 1_000_000
        yield "a million dots", "." * 1_000_000
        yield "1 MB of claims", self.signed(claims={"x": "A" * 1_000_000})
        yield "longer than any of ours", self.signed(claims={"x": "A" * 900})


def _without_none(members: dict[str, Any]) -> bytes:
    return json.dumps(
        {name: value for name, value in members.items() if value is not None}
    ).encode()


def _told(value: object, now: int) -> str:
    """Return *value* for a test's name, which has to be the same in each process."""
    text = repr(value)
    for seconds in (600, 300, 0, -60):
        text = text.replace(str(now + seconds), f"now{seconds:+}")
    return text
