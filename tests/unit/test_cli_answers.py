"""What the commands that calculate say of accounts that lack something: of usage, of permission, of a rule."""

from pathlib import Path
from typing import Any

import pytest

from licensebill import schemas
from licensebill.commands.asking import PolicyName, policy_of
from licensebill.terms import RECHARGE_POLICIES
from tests.commanding import VISA, Said, account_text, said

#: Ten dollars a day, to the last day before the account's own.
ROWS = [f"2096-11-{day:02},call,10.00" for day in range(1, 31)]
AT = "2096-12-01"


def written(
    folder: Path, rows: list[str] | None, *, automatic: bool = True, balance_on: str = AT, more: str = ""
) -> str:
    """An account file with so much usage; with none, it names no file."""
    text = account_text("acme", VISA, automatic=True).replace('"50.00"', f'"50.00"\nbalance_on = {balance_on}')
    more += f"\n[[storage]]\nbytes = 0\nat = {AT}T00:00:00Z\n"
    if not automatic:
        text = text[: text.index("[minutes.automatic]")]
    if rows is not None:
        text = text.replace("format = 1", 'format = 1\nusage = "usage.csv"')
        (folder / "usage.csv").write_text("\n".join(["day,kind,amount", *rows, ""]), encoding="utf-8")
    file = folder / "acme.toml"
    file.write_text(text + more, encoding="utf-8")
    return str(file)


def answers(file: str, *, at: str = AT) -> tuple[Any, str]:
    """What `recharge` says, as data and as text."""
    asked = ["recharge", file, "--at", at]
    return said(*asked, "--json").data["recharge"]["remarks"], said(*asked).out


# --- usage that is not known --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "at", "remark"),
    [
        (ROWS, AT, None),
        (ROWS, "2096-12-01T23:59Z", None),
        (
            ROWS,
            "2096-12-02",
            "The last usage in usage.csv is of 2096-11-30; the day after it counts as one without usage.",
        ),
        (
            ROWS[:28],
            AT,
            "The last usage in usage.csv is of 2096-11-28; the 2 days after it count as days without usage.",
        ),
        ([], AT, "usage.csv has no usage before 2096-12-01: every day counts as one without usage."),
        (
            ["2096-12-01,call,1.00"],
            AT,
            "usage.csv has no usage before 2096-12-01: every day counts as one without usage.",
        ),
        (None, AT, "No usage file is named: every day counts as one without usage."),
    ],
)
def test_days_that_no_usage_is_known_of_are_told(
    rows: list[str] | None, at: str, remark: str | None, tmp_path: Path
) -> None:
    """Up to the day before the one that is asked about; a file that reaches it brings no remark."""
    remarks, text = answers(written(tmp_path, rows), at=at)
    assert [each for each in remarks if "without usage" in each] == ([] if remark is None else [remark])
    assert ("without usage" in text) == (remark is not None)
    assert remark is None or f"\nNote: {remark}\n" in text


def test_every_command_that_shows_a_recharge_has_the_remark(tmp_path: Path) -> None:
    """In text and in data."""
    file = written(tmp_path, ROWS[:28])
    bill = ["bill", file, "--on", AT]
    summary, compare = ["summary", file], ["compare", "recharge", file, "--at", AT]
    for asked in (bill, summary, compare):
        assert "\nNote: The last usage in usage.csv is of 2096-11-28; the 2 days" in said(*asked).out
    data = [said(*asked, "--json").data for asked in (bill, summary, compare)]
    found = data[0]["recharge"], data[1]["summary"]["dialer_minutes"]["recharge"], data[2]
    assert [len(each["remarks"]) for each in found] == [1, 1, 1]


def test_a_usage_file_that_is_not_there_is_a_fault_of_the_file_that_names_it(tmp_path: Path) -> None:
    """With the line of its key, whatever reads it."""
    file = written(tmp_path, ROWS)
    (tmp_path / "usage.csv").unlink()
    told = "line 3, usage: names 'usage.csv', and there is no such file beside this one"
    for asked in (["recharge", file, "--at", AT], ["open", file, "--store", f"sqlite:{tmp_path / 'a.db'}"]):
        done = said(*asked)
        assert (done.code, done.out, f"acme.toml: 1 fault\n  {told}\n" in done.err) == (2, "", True)
    (fault,) = said("check", file, "--json").data["faults"]
    assert (fault["line"], fault["field"]) == (3, "usage")


def test_usage_beyond_every_balance_is_a_fault_of_its_file(tmp_path: Path) -> None:
    """Whatever reads it, over however many days it is spread; what was used before the balance held does not count."""
    most = "call,9223372036800.00"
    file = written(tmp_path, [f"2096-11-29,{most}"], balance_on="2096-11-29", more="")
    text = Path(file).read_text(encoding="utf-8")
    assert said("check", file).code == 0
    Path(file).write_text(text.replace('"50.00"', '"-100.00"'), encoding="utf-8")
    for asked in (["check", file], ["recharge", file, "--at", AT], ["bill", file, "--on", AT]):
        done = said(*asked)
        assert (done.code, "usage.csv: 1 fault" in done.out + done.err) == (2, True)
        assert "adds up to more than the balance can be less by" in done.out + done.err
    (tmp_path / "usage.csv").write_text(f"day,kind,amount\n2096-11-28,{most}\n2096-11-29,{most}\n", encoding="utf-8")
    assert "adds up to more than an amount can be" in said("check", file).out
    (tmp_path / "usage.csv").write_text(f"day,kind,amount\n2096-11-28,{most}\n", encoding="utf-8")
    assert said("check", file).code == 0


# --- a recharge that would not be made ----------------------------------------------------------------------------


def test_a_recharge_that_is_due_and_switched_off_says_so(tmp_path: Path) -> None:
    """In the words of the decision (MIN-13); switched on, nothing is said."""
    remarks, text = answers(written(tmp_path, ROWS, automatic=False))
    off = "Automatic recharge is off until somebody switches it on (MIN-13). Nothing would be charged."
    assert remarks == [off]
    assert text.startswith("Recharge: 140.00 USD is due.\n")
    assert text.endswith(f"\nNote: {off}\n")
    assert answers(written(tmp_path, ROWS))[0] == []


def test_a_recharge_that_is_not_due_needs_no_word_about_the_switch(tmp_path: Path) -> None:
    """Nothing would be charged either way."""
    assert answers(written(tmp_path, ["2096-11-30,call,1.00"], automatic=False))[0] == []


def test_a_recharge_beyond_the_cap_says_so(tmp_path: Path) -> None:
    """Whatever was recharged before in the month, this one alone would pass it (MIN-12)."""
    (remark,) = answers(written(tmp_path, ROWS, more='[[tariffs]]\nlimits = { monthly_cap = "139.99" }\n'))[0]
    assert "would pass the cap of 139.99 USD (MIN-12). Nothing would be charged." in remark


# --- before the file's day ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["recharge"], ["compare", "recharge"]])
@pytest.mark.parametrize(
    ("balance_on", "at", "words"),
    [
        ("2096-12-01", "2096-11-30T23:59Z", "--at: must not be before 2096-12-01, the file's as_of, not 2096-11-30"),
        ("2096-12-03", "2096-12-02", "--at: must not be before 2096-12-03, the file's balance_on, not 2096-12-02"),
    ],
)
def test_a_balance_is_not_known_before_its_day(
    balance_on: str, at: str, words: str, command: list[str], tmp_path: Path
) -> None:
    """On the day itself it is."""
    file = written(tmp_path, ROWS, balance_on=balance_on)
    refused = said(*command, file, "--at", at)
    assert (refused.code, refused.out, words in refused.err) == (2, "", True)
    assert said(*command, file, "--at", balance_on).code == 0


# --- policies -----------------------------------------------------------------------------------------------------


def test_every_policy_has_its_name_as_an_option() -> None:
    """And no name is without one."""
    names: tuple[PolicyName, ...] = ("guide", "faq", "guide_example")
    assert [policy_of(name) for name in names] == list(RECHARGE_POLICIES.values())


# --- explain ------------------------------------------------------------------------------------------------------


def explained(figure: str, folder: Path, on: str = AT) -> Said:
    """One figure of the account's bill or recharge."""
    return said("explain", figure, written(folder, ROWS, balance_on="2096-11-29"), "--on", on)


def test_the_balance_is_a_figure_of_its_own(tmp_path: Path) -> None:
    """The stated one, less what was used since."""
    assert explained("balance", tmp_path).out == (
        "balance: 30.00 USD [MIN-2]\n"
        "  50.00 USD at the first instant of 2096-11-29, less the 20.00 USD used from then on.\n"
        "  = 50.00 - 20.00\n"
        "  stated balance: 50.00 USD (first instant of 2096-11-29)\n"
        "  used since: 20.00 USD (usage.csv)\n"
    )


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        ("STO-1", "storage allowance: 250000000 bytes ["),
        ("min-5", "recharge: "),
        ("MIN-9", "average daily usage: "),
        ("PRC-3", "PowerDialer: "),
        ("CYC-1", "bill acme/bill/12: "),
    ],
)
def test_a_rule_names_the_figures_that_come_from_it(rule: str, first: str, tmp_path: Path) -> None:
    """Wherever it stands among the rules of a figure, not only where it governs one."""
    assert explained(rule, tmp_path).out.startswith(first)


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (
            "sto-5",
            "FIGURE: STO-5 is a rule, but no figure of this bill or recharge comes from it; `licensebill explain",
        ),
        ("STO-99", "FIGURE: STO-99 is no rule's id"),
        ("fax", "FIGURE: must be a rule's id or one of bill acme/bill/12, PowerDialer, "),
    ],
)
def test_what_no_figure_comes_from_is_said(figure: str, words: str, tmp_path: Path) -> None:
    """A rule that governs none, an id that is none, and a name that is none are three things."""
    done = explained(figure, tmp_path)
    assert (done.code, done.out, words in done.err) == (2, "", True)


def test_a_day_that_begins_no_cycle_has_a_recharge_all_the_same(tmp_path: Path) -> None:
    """The refusal says where."""
    done = explained("recharge", tmp_path, on="2096-12-02")
    assert (done.code, done.out) == (2, "")
    assert "--on: 2096-12-02 is not the first day of a cycle" in done.err
    assert "`licensebill recharge FILE --at 2096-12-02 --explain`" in done.err


# --- schema -------------------------------------------------------------------------------------------------------


def test_every_schema_is_printed_by_its_name() -> None:
    """As the library gives it."""
    for name in schemas.names()[:2]:
        assert said("schema", name).data == schemas.schema(name)


# --- check --------------------------------------------------------------------------------------------------------


def checked(folder: Path, *changes: tuple[str, str], rows: list[str] = ROWS) -> tuple[list[str], str]:
    """The warnings about an account file with some of its text replaced, as data and as text."""
    file = Path(written(folder, rows))
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    done, data = said("check", str(file)), said("check", str(file), "--json")
    assert (done.code, data.code, data.data["faults"]) == (0, 0, [])
    return data.data["warnings"], done.out


_FLOOR = 'floors = [{ products = ["powerdialer"], minimum = 8 }]\n\n[[licenses]]'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("is_administrator = true", "", "The administrator 'dana' is none of [[users]] with is_administrator: right"),
        ('administrator = "dana"', 'administrator = "dan"', "The administrator 'dan' is none of [[users]]"),
        ("is_blocked = false", "is_blocked = true", "No funding source is valid on 2096-12-01: nothing can be charged"),
        ("end = 2098-01-01", "end = 2096-12-01", "PowerDialer has no price on 2096-12-01: neither a contract in force"),
        (
            "[[licenses]]",
            f"{_FLOOR}\npending = 7",
            "PowerDialer: the pending 7 is below the floor of 8 on 2097-01-01 (LIC-2, LIC-8).",
        ),
        ("[[licenses]]", f"{_FLOOR}\npending = 8", None),
        ("owned = 10", "owned = 0", None),
        ("owned = 10", "owned = 10", None),
    ],
)
def test_what_will_not_work_is_a_warning(old: str, new: str, words: str | None, tmp_path: Path) -> None:
    """The file is right all the same, and the exit code says so."""
    warnings, text = checked(tmp_path, (old, new))
    assert len(warnings) == (words is not None)
    assert all(words is not None and each.startswith(words) for each in warnings)
    assert text.splitlines() == ["acme.toml and what it names have no faults.", *(f"Note: {each}" for each in warnings)]


def test_an_account_without_a_source_is_warned_of(tmp_path: Path) -> None:
    """Until one is set up."""
    file = tmp_path / "acme.toml"
    file.write_text(account_text("acme"), encoding="utf-8")
    assert said("check", str(file), "--json").data["warnings"] == [
        "No funding source is set up: nothing can be charged (FUN-2)."
    ]


@pytest.mark.parametrize(
    ("first", "start", "is_told"),
    [
        ("end = 2098-01-01", "2097-06-01", True),  # within the term of the first
        ("end = 2097-01-01\nrenewal_months = 12", "2097-06-01", True),  # within a renewal of it
        ("end = 2097-01-01\nrenewal_months = 12", "2098-01-01", False),  # in place of a renewal
        ("end = 2097-01-01", "2097-01-01", False),  # after it
    ],
)
def test_a_contract_in_place_of_another_is_warned_of(first: str, start: str, is_told: bool, tmp_path: Path) -> None:
    """Only one holds at a time, and what the earlier one had agreed is over (LIC-7)."""
    second = f'[[contracts]]\nreference = "second"\nstart = {start}\nend = 2099-01-01\n\n[[licenses]]'
    warnings, _ = checked(tmp_path, ("end = 2098-01-01", first), ("[[licenses]]", second))
    told = [one for one in warnings if " in place of " in one]
    assert len(told) == is_told
    assert all(one.startswith(f"From {start} on contract second holds in place of ") for one in told)


def test_an_id_too_long_for_a_store_is_warned_of_and_makes_none(tmp_path: Path) -> None:
    """It is refused before there is a file; figures can be asked for all the same."""
    file, store = tmp_path / "long.toml", tmp_path / "accounts.db"
    file.write_text(account_text("a" * 121), encoding="utf-8")
    assert (
        "An id of more than 120 characters is too long for a store: `open` refuses it." in said("check", str(file)).out
    )
    opened = said("open", str(file), "--store", f"sqlite:{store}")
    assert (opened.code, opened.err) == (2, "licensebill: account.id: must have at most 120 characters, not 121\n")
    assert not store.exists()


def test_a_kind_of_usage_that_nobody_rates_is_warned_of(tmp_path: Path) -> None:
    """A misspelled one, most likely; calls and messages are known without a rate, others by theirs."""
    rows = [f"2096-11-30,{kind},1.00" for kind in ("call", "sms", "cal", "fax")]
    fax = '[[contracts.rates]]\nkind = "fax"\namount = "0.10"\n\n[[licenses]]'
    warnings, _ = checked(tmp_path, ("[[licenses]]", fax), rows=rows)
    assert warnings == ["The usage file counts 'cal', which no contract rates (MIN-2)."]


@pytest.mark.parametrize(("day", "is_capped"), [("2096-12-01", False), ("2096-12-02", True)])
def test_the_cap_is_that_of_the_day(tmp_path: Path, day: str, *, is_capped: bool) -> None:
    """That the recharge is asked for, not of the file's own."""
    more = '[[tariffs]]\nsince = 2096-12-02\nlimits = { monthly_cap = "130.00" }\n'
    file = written(tmp_path, ROWS, more=more)
    remarks = answers(file, at=day)[0]
    assert any("130.00" in remark for remark in remarks) is is_capped


@pytest.mark.parametrize(("decrease", "credit"), [("credit", "11.00"), ("next cycle", "0.00")])
def test_a_preview_shows_what_is_credited(tmp_path: Path, decrease: str, credit: str) -> None:
    """By the policy that credits a fall at once; otherwise there is nothing to show."""
    more = f"""
[[tariffs]]
decrease = "{decrease}"
[[list_prices]]
product = "elf"
amount = "11.00"
[[licenses]]
product = "elf"
owned = 2
"""
    asked = ["preview", written(tmp_path, ROWS, more=more), "--product", "elf", "--total", "1", "--on", AT]
    assert said(*asked, "--json").data["preview"]["credit"] == {"amount": credit, "currency": "USD"}
    assert ("Credited on the next bill: 11.00 USD" in said(*asked).out) is (decrease == "credit")


@pytest.mark.parametrize(("rule", "fee"), [("at start", 1), ("peak before", 1)])
def test_a_stated_storage_counts_under_either_rule(tmp_path: Path, rule: str, fee: int) -> None:
    """Whichever reading the account goes by (STO-4)."""
    file = written(tmp_path, ROWS, more=f'[[tariffs]]\nstorage = {{ reading = "{rule}" }}\n')
    data = said("bill", file, "--on", AT, "--storage-used", "900000000", "--json").data["bill"]
    assert data["storage"]["gigabytes_started"] == fee


# --- what an account agreed to for itself -------------------------------------------------------------------------

OWN = """
[[tariffs]]
[tariffs.recharge]
policy = "faq"
name = "SIX_DAYS"
reserve_days = 6
"""


def test_an_account_s_own_policy_is_compared_with_the_named_ones(tmp_path: Path) -> None:
    """As the last of four; $10 a day are $60 in six days."""
    asked = ["compare", "recharge", written(tmp_path, ROWS, more=OWN), "--at", AT]
    data = said(*asked, "--json").data
    assert [one["policy"] for one in data["recharges"]] == ["guide", "faq", "guide_example", "six_days"]
    assert data["recharges"][-1]["reserve"] == {"amount": "60.00", "currency": "USD"}
    assert data["policy"] == "six_days"
    assert "The account's own policy is six_days." in said(*asked).out


def test_a_named_policy_is_compared_once(tmp_path: Path) -> None:
    """Also where it is the account's own."""
    file = written(tmp_path, ROWS, more='\n[[tariffs]]\n[tariffs.recharge]\npolicy = "faq"\n')
    data = said("compare", "recharge", file, "--at", AT, "--json").data
    assert [one["policy"] for one in data["recharges"]] == ["guide", "faq", "guide_example"]
    assert data["policy"] == "faq"
