"""Vary (RFC 9111 §4.1, RFC 9110 §12.5.5)."""

from model import From, info, must, optimal, step

S = "9111 §4.1"
LIFE = ("Cache-Control: max-age=5000", "Last-Modified: @-3000", "Date: @0")


def one(*vary):
    return (*LIFE, *[f"Vary: {v}" for v in vary])


def matches(id, title, vary, first, second, make=optimal):
    return make(f"vary-{id}", S, title, step(*one(*vary), send=first, expect=From.ORIGIN),
                step(send=second, expect=From.STORE))


def differs(id, title, vary, first, second, make=must):
    return make(f"vary-{id}", S, title, step(*one(*vary), send=first, expect=From.ORIGIN),
                step(*one(*vary), send=second, expect=From.ORIGIN))


THREE = ("Foo: 1", "Bar: abc", "Baz: 789")
STARS = [("star", ("*",)), ("star-star", ("*, *",)), ("star-lines", ("*", "*")),
         ("empty-star", (", *",)), ("empty-star-lines", ("", "*")), ("star-foo", ("*, Foo",)),
         ("foo-star", ("Foo, *",)), ("foo-star-lines", ("Foo", "*")), ("star-tab", ("\t*",))]

CASES = [
    matches("match", "reused if the field matches", ("Foo",), ("Foo: 1",), ("Foo: 1",)),
    differs("no-match", "not reused if it differs", ("Foo",), ("Foo: 1",), ("Foo: 2",)),
    differs("omit", "nor if it is absent now", ("Foo",), ("Foo: 1",), ()),
    differs("added", "nor if it was absent before", ("Foo",), (), ("Foo: 1",)),
    differs("case-value", "nor if only the case of the value differs", ("Foo",), ("Foo: a",),
            ("Foo: A",)),
    differs("prefix", "nor if one value begins like the other", ("Foo",), ("Foo: 1",),
            ("Foo: 11",)),
    matches("absent", "absent equals absent", ("Foo",), (), ()),
    matches("case-name", "names in any case", ("fOO",), ("Foo: 1",), ("foo: 1",)),
    optimal("vary-side-by-side", S, "several variants live side by side",
            step(*one("Foo"), send=("Foo: 1",), body=b"one", expect=From.ORIGIN),
            step(*one("Foo"), send=("Foo: 2",), body=b"two", expect=From.ORIGIN),
            step(send=("Foo: 1",), text=b"one", expect=From.STORE),
            step(send=("Foo: 2",), text=b"two", expect=From.STORE)),
    optimal("vary-other-field", S, "fields that Vary does not name don't matter",
            step(*one("Foo"), send=("Foo: 1", "Other: 2"), expect=From.ORIGIN),
            step(send=("Foo: 1", "Other: 3"), expect=From.STORE)),
    matches("two-match", "two fields that match", ("Foo, Bar",), THREE[:2], THREE[:2]),
    differs("two-no-match", "two fields, one differs", ("Foo, Bar",), THREE[:2],
            ("Foo: 2", "Bar: abc")),
    differs("two-omit", "two fields, none sent now", ("Foo, Bar",), ("Foo: 1",), ()),
    matches("two-lines", "two Vary lines that match", ("Foo", "Bar"), THREE[:2], THREE[:2]),
    differs("two-lines-differ", "two Vary lines, the second differs", ("Foo", "Bar"), THREE[:2],
            ("Foo: 1", "Bar: abd")),
    matches("three-match", "three fields that match", ("Foo, Bar, Baz",), THREE, THREE),
    matches("three-order", "the order of the request's fields does not matter",
            ("Foo, Bar, Baz",), THREE, THREE[::-1]),
    differs("three-no-match", "three fields, the first differs", ("Foo, Bar, Baz",), THREE,
            ("Foo: 2", *THREE[1:])),
    differs("three-middle", "three fields, the middle differs", ("Foo, Bar, Baz",), THREE,
            ("Foo: 1", "Bar: abcd", "Baz: 789")),
    matches("three-absent", "three fields, one absent twice", ("Foo, Bar, Baz",),
            ("Foo: 1", "Baz: 789"), ("Foo: 1", "Baz: 789")),
    differs("swapped", "values of two fields swapped", ("Foo, Bar",), ("Foo: 1", "Bar: 2"),
            ("Foo: 2", "Bar: 1")),
    *[differs(name, f"Vary: {' / '.join(lines)} is never reused", lines, ("Foo: 1",), ("Foo: 1",))
      for name, lines in STARS],
    matches("empty-member", "empty members of the list", (", Foo,,",), ("Foo: 1",), ("Foo: 1",)),
    matches("unusual-name", "a name with every character of a token", ("x!#$%&'+-.^_`|~1",),
            ("X!#$%&'+-.^_`|~1: 1",), ("x!#$%&'+-.^_`|~1: 1",)),
    matches("space", "white space in a list", ("Foo",), ("Foo: 1,2",), ("Foo:  1, 2 ",), info),
    matches("combine", "two lines and one line with the same members", ("Foo",), ("Foo: 1, 2",),
            ("Foo: 1", "Foo: 2")),
    matches("encoding-space", "white space in Accept-Encoding", ("Accept-Encoding",),
            ("Accept-Encoding: gzip,br",), ("Accept-Encoding: gzip,  br",)),
    matches("encoding-case", "case in Accept-Encoding", ("Accept-Encoding",),
            ("Accept-Encoding: gzip",), ("Accept-Encoding: GZip",)),
    matches("encoding-order", "order in Accept-Encoding", ("Accept-Encoding",),
            ("Accept-Encoding: br, gzip",), ("Accept-Encoding: gzip, br",)),
    matches("encoding-unknown", "codings that nobody uses in Accept-Encoding",
            ("Accept-Encoding",), ("Accept-Encoding: gzip",),
            ("Accept-Encoding: gzip, x-rare;q=0.5",)),
    differs("encoding-differs", "gzip and none differ", ("Accept-Encoding",),
            ("Accept-Encoding: gzip",), ()),
    matches("language-space", "white space in Accept-Language", ("Accept-Language",),
            ("Accept-Language: en,de;q=0.5",), ("Accept-Language: en, de; q=0.5",)),
    matches("language-case", "case in Accept-Language", ("Accept-Language",),
            ("Accept-Language: en-US",), ("Accept-Language: EN-us",)),
    differs("language-order", "the order in Accept-Language matters (no languages configured)",
            ("Accept-Language",), ("Accept-Language: en, de",), ("Accept-Language: de, en",), info),
    differs("language-differs", "other languages", ("Accept-Language",), ("Accept-Language: en",),
            ("Accept-Language: de",)),
    matches("accept-space", "white space in Accept", ("Accept",), ("Accept: text/html,*/*;q=0.5",),
            ("Accept: text/html, */*; q=0.5",)),
    must("vary-validated", "9111 §4.3.1", "a validation carries the fields that Vary names",
         step("Cache-Control: max-age=1", "Age: 5", 'ETag: "abcdef"', "Vary: Abc",
              send=("Abc: 123",), expect=From.ORIGIN),
         step("Cache-Control: max-age=1", 'ETag: "abcdef"', "Vary: Abc", send=("Abc: 123",),
              expect=From.ETAG, asked=("Abc: 123",))),
    must("vary-newest", "9111 §4.1", "a later answer without Vary does not hide a variant's field",
         step(*one("Foo"), send=("Foo: 1",), expect=From.ORIGIN),
         step(*one("Foo"), send=("Foo: 2",), expect=From.ORIGIN),
         step(*one("Foo"), send=("Foo: 3",), expect=From.ORIGIN)),
]
