"""Expires (RFC 9111 §5.3) and the forms of dates (RFC 9110 §5.6.7)."""

from model import STALE_PAUSE, From, info, not_reused, reused, optimal, step

S = "9111 §5.3"
D = "9110 §5.6.7"

REUSED = [
    ("future", S, ("Expires: @+2592000", "Date: @0"), "a future Expires"),
    ("no-date", S, ("Expires: @+2592000",), "an Expires without a Date, counted from receipt"),
    ("junk-date", S, ("Expires: @+100", "Date: foo"), "an unusable Date: counted from receipt"),
    ("rfc850", D, ("Expires: @+2592000rfc850", "Date: @0"), "the rfc850 form"),
    ("asctime", D, ("Expires: @+2592000asctime", "Date: @0"), "the asctime form"),
    ("date-rfc850", D, ("Expires: @+3600", "Date: @0rfc850"), "a Date in the rfc850 form"),
    ("date-asctime", D, ("Expires: @+3600", "Date: @0asctime"), "a Date in the asctime form"),
    ("case-weekday", D, ("Expires: THU, 18 Aug 2050 02:01:18 GMT",), "a weekday in capitals"),
    ("case-month", D, ("Expires: Thu, 18 AUG 2050 02:01:18 GMT",), "a month in capitals"),
    ("case-zone", D, ("Expires: Thu, 18 Aug 2050 02:01:18 gMT",), "a zone in mixed case"),
    ("2038", D, ("Expires: Wed, 20 Jan 2038 03:14:08 GMT",), "a date behind 2038"),
    ("far", D, ("Expires: Fri, 31 Dec 9999 23:59:59 GMT",), "the last date there is"),
    ("fast-origin", "9111 §4.2.1", ("Date: @+4000", "Expires: @+8000"),
     "an origin whose clock is fast: Expires − Date"),
]

NOT_REUSED = [
    ("past", S, ("Expires: @-2592000", "Date: @0"), "a past Expires"),
    ("equal", S, ("Expires: @0", "Date: @0"), "an Expires that equals Date"),
    ("before-date", S, ("Expires: @+300", "Date: @+400"), "an Expires before Date, both fast"),
    ("zero", S, ("Expires: 0", "Date: @0"), "the value 0"),
    ("minus", S, ("Expires: -1", "Date: @0"), "the value -1"),
    ("slow-date-age", "9111 §4.2.3", ("Date: @-10", "Expires: @+10", "Age: 25"),
     "an Age beyond the lifetime, the Date slow"),
    ("fast-date-age", "9111 §4.2.3", ("Date: @+10", "Expires: @+20", "Age: 15"),
     "an Age beyond the lifetime, the Date fast"),
    ("apparent-age", "9111 §4.2.3", ("Date: @-100", "Expires: @-50"),
     "a lifetime that was over before it came"),
]

INVALID = [
    ("utc", "Thu, 18 Aug 2050 02:01:18 UTC", "another zone"),
    ("offset", "Thu, 18 Aug 2050 02:01:18 +0000", "an offset in place of a zone"),
    ("two-digit-year", "Thu, 18 Aug 50 02:01:18 GMT", "a year of two digits"),
    ("no-comma", "Thu 18 Aug 2050 02:01:18 GMT", "no comma"),
    ("blanks", "Thu, 18  Aug  2050 02:01:18 GMT", "doubled blanks"),
    ("dashes", "Thu, 18-Aug-2050 02:01:18 GMT", "dashes"),
    ("dots", "Thu, 18 Aug 2050 02.01.18 GMT", "dots in the time"),
    ("hour", "Thu, 18 Aug 2050 2:01:18 GMT", "an hour of one digit"),
    ("day-33", "Thu, 33 Aug 2050 02:01:18 GMT", "a day that is none"),
    ("hour-25", "Thu, 18 Aug 2050 25:01:18 GMT", "an hour that is none"),
    ("no-zone", "Thu, 18 Aug 2050 02:01:18", "no zone"),
    ("iso", "2050-08-18T02:01:18Z", "the ISO form"),
    ("words", "tomorrow", "a word"),
    ("quoted", '"Thu, 18 Aug 2050 02:01:18 GMT"', "a quoted date"),
]

CASES = [
    *[reused(f"expires-{name}", section, f"reuses: {title}", *fields,
             pause=STALE_PAUSE if name == "future" else 0)
      for name, section, fields, title in REUSED],
    *[not_reused(f"expires-not-{name}", section, f"does not reuse: {title}", *fields)
      for name, section, fields, title in NOT_REUSED],
    *[not_reused(f"expires-invalid-{name}", S, f"already expired: {title}", f"Expires: {value}",
                 "Date: @0") for name, value, title in INVALID],
    optimal("expires-age", "9111 §4.2.3", "a lifetime longer than Age is used",
            step("Date: @-10", "Expires: @+100", "Age: 20", expect=From.ORIGIN),
            step(expect=From.STORE, age=(20, 30))),
    info("expires-two", S, "two Expires, the first in the future: not reused",
         step("Expires: @+3600", "Expires: @-3600", expect=From.ORIGIN), step(expect=From.ORIGIN)),
]
