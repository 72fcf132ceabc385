"""Dates as people write them, in five languages and several forms each, beside the same date as ISO 8601 writes it.

Knows names of months and days in its own tables, and the calendar through `datetime`; knows no model. Used by the demo
of seq2seq.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

YEARS = range(1800, 2100)
"""The years that dates are from."""


@dataclass(frozen=True)
class Language:
    """Its names of months, January first, and of days, Monday first, with blanks between; its templates by the name of
    the form. Fields of a template are those that `written` fills in; `capitals` is put in upper case after."""

    months: str
    short_months: str
    weekdays: str
    short_weekdays: str
    forms: dict[str, str]


LANGUAGES = {
    "English": Language(
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Mon Tue Wed Thu Fri Sat Sun",
        {
            "long": "{month} {day}, {year}",
            "short": "{short_month} {day}, {year}",
            "article": "the {ordinal} of {month} {year}",
            "ordinal": "{month} {ordinal}, {year}",
            "weekday": "{weekday}, {month} {day}, {year}",
            "weekday article": "{weekday} the {ordinal} of {month} {year}",
            "short weekday": "{short_weekday}, {month} {day}, {year}",
            "all short": "{short_weekday}, {short_month} {day}, {year}",
            "capitals": "{month} {day}, {year}",
            "numbers": "{year}/{number:02}/{day:02}",
        },
    ),
    "German": Language(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Mo Di Mi Do Fr Sa So",
        {
            "long": "{day}. {month} {year}",
            "short": "{day}. {short_month} {year}",
            "article": "der {day}. {month} {year}",
            "weekday": "{weekday}, {day}. {month} {year}",
            "weekday article": "{weekday}, der {day}. {month} {year}",
            "short weekday": "{short_weekday}, {day}. {month} {year}",
            "all short": "{short_weekday}, {day}. {short_month} {year}",
            "capitals": "{day}. {month} {year}",
            "numbers": "{day:02}.{number:02}.{year}",
            "weekday numbers": "{short_weekday}, {day:02}.{number:02}.{year}",
        },
    ),
    "French": Language(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lun. mar. mer. jeu. ven. sam. dim.",
        {
            "long": "{ordinal} {month} {year}",
            "short": "{ordinal} {short_month} {year}",
            "article": "le {ordinal} {month} {year}",
            "weekday": "{weekday} {ordinal} {month} {year}",
            "weekday article": "le {weekday} {ordinal} {month} {year}",
            "short weekday": "{short_weekday} {ordinal} {month} {year}",
            "all short": "{short_weekday} {ordinal} {short_month} {year}",
            "capitals": "{ordinal} {month} {year}",
        },
    ),
    "Spanish": Language(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene feb mar abr may jun jul ago sept oct nov dic",
        "lunes martes miércoles jueves viernes sábado domingo",
        "lun mar mié jue vie sáb dom",
        {
            "long": "{day} de {month} de {year}",
            "short": "{day} {short_month} {year}",
            "article": "el {day} de {month} de {year}",
            "weekday": "{weekday}, {day} de {month} de {year}",
            "weekday article": "el {weekday} {day} de {month} de {year}",
            "short weekday": "{short_weekday}, {day} de {month} de {year}",
            "all short": "{short_weekday}, {day} {short_month} {year}",
            "capitals": "{day} de {month} de {year}",
        },
    ),
    "Korean": Language(
        "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
        "1. 2. 3. 4. 5. 6. 7. 8. 9. 10. 11. 12.",
        "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
        "월 화 수 목 금 토 일",
        {
            "long": "{year}년 {month} {day}일",
            "padded": "{year}년 {number:02}월 {day:02}일",
            "dense": "{year}년{month}{day}일",
            "short": "{year}. {short_month} {day}.",
            "weekday": "{year}년 {month} {day}일 {weekday}",
            "short weekday": "{year}년 {month} {day}일 ({short_weekday})",
            "all short": "{year}. {short_month} {day}. ({short_weekday})",
            "weekday numbers": "{year}.{number:02}.{day:02} ({short_weekday})",
        },
    ),
}
Way = tuple[str, str]
"""A language and one of its forms."""
UNSEEN_WAYS: tuple[Way, ...] = (
    ("English", "all short"), ("German", "weekday"), ("French", "weekday article"), ("Spanish", "short weekday"),
    ("Korean", "all short"),
)  # fmt: skip
"""Ways that no training text is written in: their words stand in other forms of the language, and their form in other
languages."""
SEEN_WAYS: tuple[Way, ...] = tuple(
    (name, form) for name, language in LANGUAGES.items() for form in language.forms if (name, form) not in UNSEEN_WAYS
)


@dataclass(frozen=True)
class DatePair:
    """A date as it is written in some way, and as ISO 8601 writes it."""

    text: str
    iso: str
    way: Way


def written(day: date, way: Way) -> str:
    """The date in words.

    Example:
        >>> written(date(2024, 3, 5), ("English", "weekday article"))
        'Tuesday the 5th of March 2024'
    """
    name, form = way
    language, month, weekday = LANGUAGES[name], day.month - 1, day.weekday()
    text = language.forms[form].format(
        year=day.year, number=day.month, day=day.day, ordinal=_ordinal(name, day.day),
        month=language.months.split()[month], short_month=language.short_months.split()[month],
        weekday=language.weekdays.split()[weekday], short_weekday=language.short_weekdays.split()[weekday],
    )  # fmt: skip
    return text.upper() if form == "capitals" else text


def _ordinal(language: str, day: int) -> str:
    """The day of a month as a language counts it: English all of them, French the first."""
    if language == "French" and day == 1:
        return "1er"
    if language == "English":
        ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        return f"{day}th" if day in (11, 12, 13) else f"{day}{ending}"
    return str(day)


def parted_years(chooser: random.Random, *, dev: int, test: int) -> dict[str, list[int]]:
    """The years in three parts, drawn: so many for dev and test, the others for train; each in order."""
    drawn = chooser.sample(YEARS, len(YEARS))
    parts = {"test": drawn[:test], "dev": drawn[test : test + dev], "train": drawn[test + dev :]}
    return {part: sorted(years) for part, years in parts.items()}


def draw_pairs(chooser: random.Random, count: int, *, years: Sequence[int], ways: Iterable[Way]) -> list[DatePair]:
    """Different pairs, as many of each way as of another (or one more), on days drawn from the years."""
    ways, found = list(ways), dict[str, DatePair]()
    while len(found) < count:
        way = ways[len(found) % len(ways)]
        first = date(chooser.choice(years), 1, 1)
        days = (date(first.year, 12, 31) - first).days + 1
        day = first + timedelta(chooser.randrange(days))
        text = written(day, way)
        found.setdefault(text, DatePair(text, day.isoformat(), way))
    return list(found.values())
