"""People, their acceptance, and what a role permits."""

import pickle
from typing import Any

import pytest
from hypothesis import given

from licensebill import InvalidValue, strategies
from licensebill.people import (
    AGENT,
    BILLING_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
    Action,
    Authorization,
    NotAccepted,
    Person,
    Role,
    User,
)

ADA = Person("Ada", "Lovelace")
CARD = "4111 1111 1111 1111"
TOO_LONG = "x" * 201


class TestPerson:
    """First and last name, and nothing that could be a card number."""

    def test_name(self) -> None:
        """A person is shown by both names."""
        assert str(ADA) == "Ada Lovelace"

    @pytest.mark.parametrize(
        "names",
        [
            ("Nguyễn", "Thị Minh"),
            ("O'Brien", "Smith-Jones"),
            ("J.", "van der Berg"),
            ("王", "小明"),
            ("Louis", "XIV"),
            ("Agent", "007"),
            ("x" * 200, "y" * 200),
        ],
    )
    def test_names_of_the_world(self, names: tuple[str, str]) -> None:
        """Names of every script and shape are kept as they were written."""
        person = Person(*names)
        assert (person.first, person.last) == names

    @given(strategies.persons())
    def test_generated_persons_are_built(self, person: Person) -> None:
        """Both names are shown, in their order."""
        assert str(person) == f"{person.first} {person.last}"

    @pytest.mark.parametrize(
        "names",
        [
            (CARD, "Lovelace"),
            ("Ada", CARD),
            ("Ada", "4111-1111-1111-1111"),
            ("Ada", "4111111111111111"),
            ("Ada", "card 4111111111111111 please"),
            ("Ada", "٤١١١١١١١١١١١١١١١"),
            ("Ada", "4111\u200b1111\u200b1111\u200b1111"),
            ("4111 1111", "1111 1111"),
            ("4111-1111-1111-", "1111"),
        ],
    )
    def test_a_card_number_is_refused_and_not_repeated(self, names: tuple[str, str]) -> None:
        """In either name or across both, in any spelling; the error shows none of it."""
        with pytest.raises(InvalidValue, match="could be a card number") as caught:
            Person(*names)
        assert not any(character.isdigit() for character in str(caught.value) + repr(caught.value))

    @pytest.mark.parametrize("place", ["first", "last"])
    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ("", "must not be blank"),
            ("  ", "must not be blank"),
            (" Ada", "must have no blanks around it and no control characters or line breaks"),
            ("Ada\n", "must have no blanks around it and no control characters or line breaks"),
            ("A\x00da", "must have no blanks around it and no control characters or line breaks"),
            (TOO_LONG, "must have at most 200 characters, not 201"),
            (None, "must be a text, not None"),
            (7, "must be a text, not 7"),
        ],
    )
    def test_no_name(self, place: str, value: Any, problem: str) -> None:
        """What is no name is refused with the reason."""
        with pytest.raises(InvalidValue) as caught:
            Person(**{"first": "Ada", "last": "Lovelace", place: value})
        assert str(caught.value) == f"{place}: {problem}"


class TestAuthorization:
    """A name under "I Accept"."""

    def test_acceptance_is_kept_with_the_person(self) -> None:
        """An authorization is shown by its person."""
        given_by = Authorization(ADA, True)
        assert (given_by.person, given_by.accepted, str(given_by)) == (ADA, True, "Ada Lovelace")

    def test_without_acceptance_there_is_none(self) -> None:
        """A person who has not accepted authorizes nothing; the rule is named."""
        with pytest.raises(NotAccepted) as caught:
            Authorization(ADA, False)
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
        assert str(again) == "the person authorizing the change has not accepted it (LIC-5)"
        assert (again.code, again.rule) == ("not_accepted", "LIC-5")

    @pytest.mark.parametrize("accepted", [1, 0, None, "yes", "I Accept"])
    def test_acceptance_is_yes_or_no(self, accepted: Any) -> None:
        """Nothing but True is an acceptance, and nothing but False a refusal."""
        with pytest.raises(InvalidValue) as caught:
            Authorization(ADA, accepted)
        assert str(caught.value) == "accepted: must be True or False"

    def test_person_is_a_person(self) -> None:
        """A name alone is no person."""
        with pytest.raises(InvalidValue) as caught:
            Authorization("Ada Lovelace", True)  # type: ignore[arg-type]
        assert str(caught.value) == "person: must be a Person, not 'Ada Lovelace'"


class TestRoles:
    """Roles are data: named sets of actions."""

    @pytest.mark.parametrize(
        ("role", "permitted"),
        [
            (
                AGENT,
                {
                    Action.DIAL,
                    Action.MANAGE_LISTS,
                    Action.USE_INBOUND_CLIENT,
                    Action.BLEND,
                    Action.RESPOND_AUTOMATICALLY,
                },
            ),
            (
                SYSTEM_ADMINISTRATOR,
                {
                    Action.DIAL,
                    Action.MANAGE_LISTS,
                    Action.USE_INBOUND_CLIENT,
                    Action.BLEND,
                    Action.RESPOND_AUTOMATICALLY,
                    Action.MANAGE_SETTINGS,
                    Action.ADMINISTER,
                    Action.BUY_MINUTES,
                },
            ),
            (
                BILLING_ADMINISTRATOR,
                {
                    Action.BUY_MINUTES,
                    Action.CHANGE_SOURCES,
                    Action.CHANGE_LICENSES,
                    Action.ORDER_SERVICES,
                    Action.CANCEL,
                },
            ),
        ],
    )
    def test_standard_roles(self, role: Role, permitted: set[Action]) -> None:
        """Both administrators buy minutes; the billing administrator alone changes sources, licenses, or cancels."""
        assert set(role.permits) == permitted

    def test_a_role_of_ones_own(self) -> None:
        """Any set of actions under any name is a role; none at all, too."""
        assert Role("auditor", ()).permits == ()
        assert Role("buyer", (Action.BUY_MINUTES, Action.CANCEL)).name == "buyer"

    @pytest.mark.parametrize(
        ("name", "permits", "problem"),
        [
            ("", (), "name: must not be blank"),
            (CARD, (), None),
            ("buyer", [Action.BUY_MINUTES], "permits: must be a tuple, not a list"),
            ("buyer", ("buy minutes",), "permits[0]: must be an Action, not 'buy minutes'"),
            ("buyer", (Action.CANCEL, Action.CANCEL), "permits: names the action 'cancel the account' twice"),
        ],
    )
    def test_no_role(self, name: Any, permits: Any, problem: str | None) -> None:
        """A nameless role, something that is no action, and an action twice are refused."""
        with pytest.raises(InvalidValue) as caught:
            Role(name, permits)
        assert CARD not in str(caught.value)
        assert problem is None or str(caught.value) == problem


class TestUser:
    """A user of the customer's system."""

    def test_defaults(self) -> None:
        """A user is an agent without administrative privileges unless somebody says otherwise."""
        user = User(id="user-1")
        assert (user.id, user.role, user.is_administrator) == ("user-1", AGENT, False)

    @given(strategies.users())
    def test_generated_users_are_built(self, user: User) -> None:
        """Users differ in role and privileges."""
        assert user.role in {AGENT, SYSTEM_ADMINISTRATOR, BILLING_ADMINISTRATOR}

    @pytest.mark.parametrize(
        ("fields", "place"),
        [
            ({"id": ""}, "id"),
            ({"id": 7}, "id"),
            ({"id": CARD}, "id"),
            ({"id": "user-1", "role": "agent"}, "role"),
            ({"id": "user-1", "is_administrator": 1}, "is_administrator"),
        ],
    )
    def test_no_user(self, fields: dict[str, Any], place: str) -> None:
        """Each field is checked, and the error says which one it was, without what could be a card number."""
        with pytest.raises(InvalidValue) as caught:
            User(**fields)
        assert caught.value.place == place
        assert CARD not in str(caught.value)
