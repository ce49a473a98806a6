"""Age: how it is read (RFC 9111 §5.1), computed (§4.2.3) and sent (§4)."""

import harness
from model import FRESH, STALE_PAUSE, From, Kind, must, not_reused, reused, step

S = "9111 §5.1"

CASES = [
    must("age-sent", "9111 §4", "an answer from the store has an Age, counted in seconds",
         step("Expires: @+2592000", "Date: @0", expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.STORE, age=(2, 6))),
    must("age-kept-expires", "9111 §4.2.3", "a received Age counts on, with Expires",
         step("Expires: @+2592000", "Date: @0", "Age: 30", expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.STORE, age=(32, 36))),
    must("age-kept-max-age", "9111 §4.2.3", "a received Age counts on, with max-age",
         step("Cache-Control: max-age=600", "Age: 30", expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.STORE, age=(32, 36))),
    must("age-apparent", "9111 §4.2.3", "an old Date counts as age",
         step("Cache-Control: max-age=3600", "Date: @-100", expect=From.ORIGIN),
         step(expect=From.STORE, age=(100, 104))),
    must("age-apparent-max", "9111 §4.2.3", "the larger of Date's age and Age counts",
         step("Cache-Control: max-age=3600", "Date: @-100", "Age: 50", expect=From.ORIGIN),
         step(expect=From.STORE, age=(100, 104))),
    must("age-through", "9111 §5.1", "a received Age passes on a miss, not rounded up",
         step("Cache-Control: max-age=9000", "Age: 7200", expect=From.ORIGIN, age=(7200, 7200))),
    must("age-one", "9111 §5.1", "one Age line on an answer from the store",
         step("Cache-Control: max-age=9000", "Age: 10", expect=From.ORIGIN),
         step(expect=From.STORE, check=lambda r, _: None if len(r.fields.all("Age")) == 1
              else f"{r.fields.all('Age')}")),
    must("age-date-kept", "9110 §6.6.1", "the origin's Date stays",
         step(FRESH, "Date: @-7", expect=From.ORIGIN, pause=STALE_PAUSE),
         step(expect=From.STORE, check=lambda r, _: None if len(r.fields.all("Date")) == 1
              else f"{r.fields.all('Date')}", age=(9, 13))),
    must("age-slow-answer", "9111 §4.2.3", "the time that the origin took counts as age",
         step(expect=None, answer=harness.Answer(
             "Cache-Control: max-age=3600", "Age: 10", delay=2.2), text=b"body"),
         step(expect=From.STORE, text=b"body", age=(12, 15))),
    not_reused("age-huge", S, "a huge Age means stale", FRESH, "Age: 99999999999"),
    not_reused("age-2^31", S, "an Age of 2^31 means stale", FRESH, "Age: 2147483648"),
    not_reused("age-first-of-list", S, "the first of several counts (7200, 0)", FRESH,
               "Age: 7200, 0"),
    not_reused("age-first-line", S, "the first of several lines counts (7200; 0)", FRESH,
               "Age: 7200", "Age: 0"),
    not_reused("age-old-twice", S, "the same old value twice", FRESH, "Age: 7200, 7200"),
    not_reused("age-old-twice-lines", S, "the same old value on two lines", FRESH, "Age: 7200",
               "Age: 7200"),
    reused("age-junk", S, "what is no number is ignored", FRESH, "Age: abc"),
    reused("age-negative", S, "a negative number is ignored", FRESH, "Age: -7200"),
    reused("age-fraction", S, "a fraction is ignored", FRESH, "Age: 7200.0"),
    reused("age-prefix", S, "the first of several counts (0, 7200)", FRESH, "Age: 0,7200",
           kind=Kind.INFO),
    reused("age-prefix-lines", S, "the first of several lines counts (0; 7200)", FRESH, "Age: 0",
           "Age: 7200", kind=Kind.INFO),
    reused("age-zeros", S, "0 twice", FRESH, "Age: 0, 0"),
    reused("age-zeros-lines", S, "0 on two lines", FRESH, "Age: 0", "Age: 0"),
    reused("age-below", S, "an Age below the lifetime", FRESH, "Age: 1000"),
]
