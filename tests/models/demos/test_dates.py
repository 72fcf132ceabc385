"""Dates in words, against a reader of dates written here, which knows beginnings of names and nothing else."""

import calendar
import random
import re
from datetime import date, timedelta

import pytest

from elman.models.demos import dates
from elman.models.demos.dates import LANGUAGES, SEEN_WAYS, UNSEEN_WAYS, Way, written

MONTHS = {
    "English": "jan feb mar apr may jun jul aug sep oct nov dec",
    "German": "jan feb mär apr mai jun jul aug sep okt nov dez",
    "French": "jan fév|févr mar avr mai juin juil aoû sep oct nov déc",
    "Spanish": "ene feb mar abr may jun jul ago sep oct nov dic",
}
WEEKDAYS = {
    "English": "mon tue wed thu fri sat sun",
    "German": "mo di mi do fr sa so",
    "French": "lun mar mer jeu ven sam dim",
    "Spanish": "lun mar mié jue vie sáb dom",
    "Korean": "월 화 수 목 금 토 일",
}
WAYS = (*SEEN_WAYS, *UNSEEN_WAYS)


def read(text: str, language: str) -> tuple[date, int | None]:
    """The date of a text, and the number of the weekday that it names, if it names one."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    words = [word.lower() for word in re.findall(r"[^\W\d]+", text)]
    if len(numbers) == 3:  # by numbers alone the year stands first or last
        day = date(*numbers) if numbers[0] > 31 else date(*reversed(numbers))
        named = [word for word in words if word not in ("년", "월", "일") or f"({word})" in text]
        return day, _number(named[0], WEEKDAYS[language]) if named else None
    (year,) = (number for number in numbers if number > 31)
    (day_of_month,) = (number for number in numbers if number <= 31)
    names = [word for word in words if word not in ("the", "of", "st", "nd", "rd", "th", "der", "le", "er", "el", "de")]
    weekday = _number(names[0], WEEKDAYS[language]) if len(names) == 2 else None
    assert len(names) <= 2
    return date(year, _number(names[-1], MONTHS[language]) + 1, day_of_month), weekday


def _number(name: str, beginnings: str) -> int:
    """Which of the beginnings the name has."""
    (found,) = (
        number for number, some in enumerate(beginnings.split()) if name.startswith(tuple(some.split("|")))
    )  # fmt: skip
    return found


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_date_in_words_reads_back_as_the_same_day(way: Way) -> None:
    first = date(2024, 1, 1)
    for day in (first + timedelta(number) for number in range(366)):
        found, weekday = read(written(day, way), way[0])
        assert found == day
        assert weekday in (None, calendar.weekday(day.year, day.month, day.day))
        assert (weekday is not None) == ("weekday" in way[1] or way[1] == "all short")


@pytest.mark.parametrize(
    ("way", "day", "text"),
    [
        (("English", "ordinal"), date(2024, 3, 5), "March 5th, 2024"),
        (("English", "article"), date(1999, 11, 12), "the 12th of November 1999"),
        (("English", "article"), date(1999, 11, 22), "the 22nd of November 1999"),
        (("English", "capitals"), date(2024, 3, 31), "MARCH 31, 2024"),
        (("German", "weekday"), date(2024, 3, 5), "Dienstag, 5. März 2024"),
        (("German", "capitals"), date(2024, 3, 5), "5. MÄRZ 2024"),
        (("German", "numbers"), date(2024, 3, 5), "05.03.2024"),
        (("French", "article"), date(2024, 3, 5), "le 5 mars 2024"),
        (("French", "weekday"), date(1900, 2, 1), "jeudi 1er février 1900"),
        (("Spanish", "weekday"), date(2024, 3, 5), "martes, 5 de marzo de 2024"),
        (("Korean", "weekday"), date(2024, 3, 5), "2024년 3월 5일 화요일"),
        (("Korean", "all short"), date(2024, 12, 25), "2024. 12. 25. (수)"),
    ],
)
def test_dates_are_written_as_a_reader_of_the_language_writes_them(way: Way, day: date, text: str) -> None:
    assert written(day, way) == text


@pytest.mark.parametrize("language", MONTHS)
def test_short_names_begin_as_the_long_ones_do(language: str) -> None:
    names = LANGUAGES[language]
    for number in range(12):
        assert _number(names.months.split()[number].lower(), MONTHS[language]) == number
        assert _number(names.short_months.split()[number].lower(), MONTHS[language]) == number


def test_no_text_stands_for_two_days() -> None:
    days = [date(2024, 1, 1) + timedelta(number) for number in range(366)]
    found: dict[str, date] = {}
    for way in WAYS:
        for day in days:
            assert found.setdefault(written(day, way), day) == day


def test_the_words_and_the_forms_of_unseen_ways_stand_in_seen_ones() -> None:
    days = [date(2023, 1, 1) + timedelta(number) for number in range(365)]
    for unseen in UNSEEN_WAYS:
        language, form = unseen
        seen = {word for way in SEEN_WAYS if way[0] == language for day in days for word in _words(written(day, way))}
        assert {word for day in days for word in _words(written(day, unseen))} <= seen
        assert any(way[1] == form for way in SEEN_WAYS)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]+", text))


def test_years_are_parted_without_rest() -> None:
    parts = dates.parted_years(random.Random(1), dev=10, test=20)
    assert {part: len(years) for part, years in parts.items()} == {"train": 270, "dev": 10, "test": 20}
    assert sorted(year for years in parts.values() for year in years) == list(dates.YEARS)


def test_pairs_are_different_and_as_many_of_each_way() -> None:
    ways = SEEN_WAYS[:4]
    pairs = dates.draw_pairs(random.Random(1), 402, years=[1999, 2000], ways=ways)
    assert len({pair.text for pair in pairs}) == len(pairs) == 402
    assert [sum(pair.way == way for pair in pairs) for way in ways] == [101, 101, 100, 100]
    for pair in pairs:
        day, _ = read(pair.text, pair.way[0])
        assert day.isoformat() == pair.iso and day.year in (1999, 2000)
    assert pairs == dates.draw_pairs(random.Random(1), 402, years=[1999, 2000], ways=ways)
