"""API keys: making, using, looking at and revoking them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest

from adapters.persistence.sqlite import SqliteDatabase
from adapters.security.jwt_tokens import JWTAccessTokens
from application.accounts.authenticate import Authenticate
from application.accounts.create_api_key import (
    MAX_API_KEYS,
    MAX_ENDED_KEYS,
    CreateAPIKey,
    CreateAPIKeyRequest,
    CreatedAPIKey,
)
from application.accounts.list_api_keys import ListAPIKeys
from application.accounts.note_key_use import NoteKeyUse
from application.accounts.revoke_api_key import RevokeAPIKey, RevokeAPIKeyRequest
from application.accounts.view_profile import ViewProfile, ViewProfileRequest
from application.actor import Actor
from application.errors import InsufficientScope, NotAllowed, NotFound, TooManyAPIKeys
from application.idempotency import IdempotencyKey, IdempotencyKeyReused
from application.ports.access_tokens import InvalidToken
from application.ports.unit_of_work import DatabaseUnavailable
from domain.errors import InvalidParameter
from domain.users.api_key import APIKey
from domain.users.roles import Role
from domain.users.scopes import Scope
from domain.users.user import User
from tests.unit.application.test_accounts import Accounts
from tests.unit.application.workbench import KEY, MINUTE, Workbench

DAY = timedelta(days=1)
EVERYTHING = list(Scope)


@attrs.frozen
class Keys:
    """The use cases of keys over one bench, and somebody who has some."""

    bench: Workbench
    user: User
    note_key_use: NoteKeyUse

    @property
    def actor(self) -> Actor:
        return self.bench.actor_of(self.user)

    def create(self, actor: Actor | None = None, **overrides: Any) -> CreatedAPIKey:
        bench = self.bench
        use_case = CreateAPIKey(bench.database, bench.key_tokens, bench.clock, bench.ids)
        request = {
            "name": "nightly import",
            "scopes": EVERYTHING,
            "presets": None,
            "lifetime_days": 90,
        } | overrides
        return use_case(CreateAPIKeyRequest(actor or self.actor, **request))

    def token(self, **overrides: Any) -> str:
        token = self.create(**overrides).token
        assert token is not None
        return token

    def authenticate(self, token: str) -> Actor:
        bench = self.bench
        tokens = JWTAccessTokens(
            {"k1": KEY}, "k1", issuer="safelight", audience="safelight", clock=bench.clock
        )
        return Authenticate(
            bench.database, tokens, bench.key_tokens, self.note_key_use, bench.clock
        )(token)

    def all(self, actor: Actor | None = None) -> list[APIKey]:
        return list(ListAPIKeys(self.bench.database)(actor or self.actor))

    def revoke(self, key: APIKey, actor: Actor | None = None) -> None:
        RevokeAPIKey(self.bench.database, self.bench.clock)(
            RevokeAPIKeyRequest(actor or self.actor, key.id)
        )

    def last_use(self) -> Any:
        self.bench.errands.finish()
        return self.all()[0].last_used_at


@pytest.fixture
def keys(bench: Workbench) -> Keys:
    return Keys(bench, bench.a_user(), NoteKeyUse(bench.database, bench.errands))


class TestCreateAPIKey:
    def test_gives_its_token_once_and_keeps_nothing_of_it(self, keys: Keys) -> None:
        created = keys.create(presets=["card", "hero@2"], scopes=[Scope.IMAGES_WRITE])

        assert created.token is not None and not created.replayed
        [kept] = keys.all()
        assert kept == created.key
        assert kept.scopes == {Scope.IMAGES_WRITE} and kept.presets == {"card", "hero@2"}
        assert kept.created_at == keys.bench.clock.now()
        assert kept.expires_at == kept.created_at + 90 * DAY
        secret = created.token.rpartition("_")[2]
        files = [file.read_bytes() for file in Path(keys.bench.database.path).parent.iterdir()]
        assert any(kept.secret_sha256.encode() in file for file in files)
        assert not any(secret.encode() in file for file in files)

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"name": ""}, "/name"),
            ({"scopes": []}, "/scopes"),
            ({"presets": []}, "/presets"),
            ({"presets": ["a b"]}, "/presets/0"),
            ({"lifetime_days": 367}, "/expiresInDays"),
        ],
    )
    def test_refuses_what_has_not_the_form_it_must_have(
        self, keys: Keys, fields: dict[str, Any], pointer: str
    ) -> None:
        with pytest.raises(InvalidParameter) as refused:
            keys.create(**fields)

        assert refused.value.pointer == pointer
        assert keys.all() == []

    def test_an_account_has_so_many_and_no_more(self, keys: Keys) -> None:
        made = [keys.create().key for _ in range(MAX_API_KEYS)]

        with pytest.raises(TooManyAPIKeys):
            keys.create()
        assert keys.create(keys.bench.an_actor())

        keys.revoke(made[0])
        assert keys.create()

    def test_of_many_at_once_no_more_than_that_are_made(self, keys: Keys) -> None:
        def ask(_: int) -> bool:
            try:
                keys.create()
            except TooManyAPIKeys:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(ask, range(MAX_API_KEYS + 5)))

        assert made.count(True) == len(keys.all()) == MAX_API_KEYS

    def test_keys_that_are_over_do_not_pile_up(self, keys: Keys) -> None:
        for _ in range(MAX_ENDED_KEYS + 5):
            keys.revoke(keys.create().key)
        newest = keys.create(lifetime_days=1).key

        assert len(keys.all()) == MAX_ENDED_KEYS + 1
        assert newest in keys.all()

    def test_a_key_makes_no_keys(self, keys: Keys) -> None:
        program = keys.authenticate(keys.token())

        with pytest.raises(InsufficientScope):
            keys.create(program)
        with pytest.raises(InsufficientScope):
            keys.all(program)
        with pytest.raises(InsufficientScope):
            keys.revoke(keys.all()[0], program)

        assert [key.revoked_at for key in keys.all()] == [None]

    def test_who_has_no_account_any_more_gets_none(self, keys: Keys) -> None:
        with pytest.raises(NotFound):
            keys.create(Actor(uuid4(), frozenset({Role.USER})))


class TestSendingAgain:
    KEY = IdempotencyKey("ada", "key-1", "f1")

    def test_shows_the_key_and_not_its_token(self, keys: Keys) -> None:
        first = keys.create(idempotency=self.KEY)
        keys.bench.clock.advance(MINUTE)

        second = keys.create(idempotency=self.KEY)

        assert first.token is not None and second.token is None and second.replayed
        assert attrs.evolve(second.key, secret_sha256=first.key.secret_sha256) == first.key
        assert len(keys.all()) == 1

    def test_another_request_is_refused(self, keys: Keys) -> None:
        keys.create(idempotency=self.KEY)

        with pytest.raises(IdempotencyKeyReused):
            keys.create(idempotency=attrs.evolve(self.KEY, fingerprint="f2"))

    def test_of_twins_one_gets_the_token(self, keys: Keys) -> None:
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: keys.create(idempotency=self.KEY), range(4)))

        assert [one.token for one in made].count(None) == 3
        assert len({one.key.id for one in made}) == 1 == len(keys.all())

    def test_a_key_that_does_not_expire_is_given_back_as_such(self, keys: Keys) -> None:
        for _ in range(2):
            assert keys.create(idempotency=self.KEY, lifetime_days=None).key.expires_at is None


class TestUsing:
    def test_a_key_stands_for_its_user_and_a_part_of_what_they_may(self, keys: Keys) -> None:
        created = keys.create(scopes=[Scope.IMAGES_READ], presets=["card"])
        assert created.token is not None

        actor = keys.authenticate(created.token)

        assert actor == Actor(
            keys.user.id,
            keys.user.roles,
            scopes=frozenset({Scope.IMAGES_READ}),
            key_id=created.key.id,
            presets_only=frozenset({"card"}),
        )

    def test_whatever_is_wrong_stays_untold(self, keys: Keys) -> None:
        created, expired, revoked = keys.create(), keys.create(lifetime_days=1), keys.create()
        assert created.token and expired.token and revoked.token
        keys.bench.clock.advance(DAY)
        keys.revoke(revoked.key)
        other = keys.bench.key_tokens
        wrong = [
            expired.token,
            revoked.token,
            other.make(created.key.id).text,
            other.make(uuid4()).text,
            created.token[:-1],
            created.token.replace(created.key.id.hex, expired.key.id.hex),
            "sl_",
            "a.b.c",
        ]

        messages = set()
        for token in wrong:
            with pytest.raises(InvalidToken) as refused:
                keys.authenticate(token)
            messages.add(refused.value.detail)

        assert len(messages) == 1
        assert keys.authenticate(created.token)

    def test_revoking_works_at_once_and_again_changes_nothing(self, keys: Keys) -> None:
        created = keys.create()
        assert created.token and keys.authenticate(created.token)

        keys.revoke(created.key)
        with pytest.raises(InvalidToken):
            keys.authenticate(created.token)

        ended_at = keys.bench.clock.now()
        keys.bench.clock.advance(MINUTE)
        keys.revoke(created.key)
        assert [key.revoked_at for key in keys.all()] == [ended_at]

    def test_anothers_key_cannot_be_seen_or_revoked(self, keys: Keys) -> None:
        created, stranger = keys.create(), keys.bench.an_actor()
        assert created.token

        assert keys.all(stranger) == []
        with pytest.raises(NotFound):
            keys.revoke(created.key, stranger)
        assert keys.authenticate(created.token)

    def test_one_that_does_not_expire_does_not(self, keys: Keys) -> None:
        token = keys.token(lifetime_days=None)
        keys.bench.clock.advance(3650 * DAY)

        assert keys.authenticate(token)

    def test_a_key_can_never_do_more_than_its_user(self, keys: Keys) -> None:
        token = keys.token()
        powerless = attrs.evolve(keys.user, roles=frozenset())
        keys.bench.write(lambda work: work.users.update(powerless))

        with pytest.raises(NotAllowed) as refused:
            keys.bench.upload(keys.authenticate(token))

        assert refused.value.code == "not-allowed"

    def test_a_key_does_what_its_scopes_carry_and_no_more(self, keys: Keys) -> None:
        reader = keys.authenticate(keys.token(scopes=[Scope.IMAGES_READ]))
        writer = keys.authenticate(keys.token(scopes=[Scope.IMAGES_WRITE]))

        assert keys.bench.upload(writer)
        with pytest.raises(InsufficientScope):
            keys.bench.upload(reader)
        with pytest.raises(InsufficientScope):
            Accounts(keys.bench).update(writer, username="mallory")

    def test_an_admins_key_sees_its_own_account_alone(self, keys: Keys) -> None:
        admin = keys.bench.a_user(roles=frozenset({Role.USER, Role.ADMIN}))
        token = keys.token(actor=keys.bench.actor_of(admin))
        view = ViewProfile(keys.bench.database)
        program = keys.authenticate(token)

        assert view(ViewProfileRequest(program)) == admin
        with pytest.raises(InsufficientScope):
            view(ViewProfileRequest(program, keys.user.username))


class TestLastUse:
    def test_is_noted_once_a_minute(self, keys: Keys) -> None:
        token, clock = keys.token(), keys.bench.clock
        assert keys.last_use() is None

        first = clock.now()
        for _ in range(3):
            keys.authenticate(token)
            assert keys.last_use() == first
            clock.advance(timedelta(seconds=20))

        keys.authenticate(token)
        assert keys.last_use() == first + MINUTE

    def test_what_is_not_let_in_uses_nothing(self, keys: Keys) -> None:
        created = keys.create()

        with pytest.raises(InvalidToken):
            keys.authenticate(keys.bench.key_tokens.make(created.key.id).text)

        assert keys.last_use() is None

    def test_nobody_waits_for_it(self, keys: Keys) -> None:
        """Another process may hold the database for as long as it likes."""
        token = keys.token()
        other = SqliteDatabase(keys.bench.database.path)
        keys.bench.errands.run_soon(lambda: None)
        done = threading.Event()

        with other.writing():  # and whoever writes now waits
            threading.Thread(target=lambda: (keys.authenticate(token), done.set())).start()
            assert done.wait(5), "the request waits for its note"

        assert keys.last_use() == keys.bench.clock.now()
        other.close()

    def test_nobody_fails_by_it_and_it_is_tried_again(self, keys: Keys) -> None:
        class Away:
            def writing(self, *, durable: bool = True) -> Any:
                assert not durable
                raise DatabaseUnavailable("gone")

        token = keys.token()
        broken = attrs.evolve(keys, note_key_use=NoteKeyUse(Away(), keys.bench.errands))

        assert broken.authenticate(token)
        assert keys.last_use() is None

        broken.note_key_use.database = keys.bench.database
        keys.bench.clock.advance(MINUTE)
        assert broken.authenticate(token)
        assert keys.last_use() == keys.bench.clock.now()

    def test_a_slow_database_is_asked_once(self, keys: Keys) -> None:
        asked = []

        class Counting(NoteKeyUse):
            def _note(self, *_: Any) -> None:
                asked.append(1)

        token = keys.token()
        slow = attrs.evolve(keys, note_key_use=Counting(keys.bench.database, keys.bench.errands))
        for _ in range(5):
            slow.authenticate(token)

        keys.bench.errands.finish()
        assert asked == [1]
