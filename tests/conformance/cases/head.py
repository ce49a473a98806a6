"""HEAD (RFC 9110 §9.3.2, RFC 9111 §4.3.5)."""

from model import FRESH, STALE, From, info, must, optimal, step

S = "9111 §4.3.5"


def stored(*fields):
    return step(*STALE, "Template-A: 1", *fields, expect=From.ORIGIN)


CASES = [
    optimal("head-from-get", "9111 §4", "a stored answer to GET serves HEAD, with its length",
            step(FRESH, body=b"0123456789", expect=From.ORIGIN),
            step(method="HEAD", expect=From.STORE, want=("Content-Length: 10",))),
    must("head-not-get", "9111 §4", "an answer to HEAD does not serve GET",
         step(FRESH, method="HEAD", expect=From.ORIGIN, asked_method=None),
         step(body=b"whole", text=b"whole", expect=None)),
    must("head-no-body", "9110 §9.3.2", "an answer to HEAD has no body",
         step(FRESH, body=b"0123456789", method="HEAD", expect=From.ORIGIN)),
    info("head-through", S, "HEAD is written through where the stored answer is stale", stored(),
         step("Template-A: 2", method="HEAD", asked_method="HEAD")),
    optimal("head-lifetime", S, "a 200 to HEAD updates the lifetime", stored(),
         step(FRESH, method="HEAD", body=b"head-lifetime 0", pause=0.3), step(expect=From.STORE)),
    optimal("head-fields", S, "a 200 to HEAD updates fields", stored(),
         step(FRESH, "Template-A: 2", method="HEAD", body=b"head-fields 0", pause=0.3),
         step(expect=From.STORE, want=("Template-A: 2",))),
    must("head-other-etag", S, "a HEAD that shows another ETag ends the reuse of what is stored",
         step("Cache-Control: max-age=1, stale-if-error=600", "Age: 5", 'ETag: "a"', body=b"one",
              expect=From.ORIGIN),
         step(FRESH, 'ETag: "b"', method="HEAD", body=b"two"),
         step(FRESH, 'ETag: "b"', body=b"two", text=b"two", expect=From.ORIGIN)),
    must("head-other-length", S, "or another length",
         step(*STALE, body=b"one", expect=From.ORIGIN),
         step(FRESH, method="HEAD", body=b"longer"),
         step(FRESH, body=b"longer", text=b"longer", expect=From.ORIGIN)),
    optimal("head-updates-etag", S, "the same with an ETag", stored('ETag: "a"'),
            step(FRESH, 'ETag: "a"', "Template-A: 2", method="HEAD", body=b"head-updates-etag 0",
                 pause=0.3),
            step(expect=From.STORE, want=("Template-A: 2",))),
    info("head-410", S, "after a 410 to HEAD the origin is asked again for GET", stored(),
         step(FRESH, status=410, method="HEAD"), step(expect=From.ORIGIN)),
]
