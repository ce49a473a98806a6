"""Answers to requests with Authorization (RFC 9111 §3.5)."""

from model import FRESH, From, must, optimal, step

S = "9111 §3.5"
WHO = ("Authorization: Basic Zm9v",)


def allowed(name, value):
    return optimal(f"authorization-{name}", S, f"reused for others if it has {value}",
                   step(f"Cache-Control: {value}", send=WHO, asked=WHO, expect=From.ORIGIN),
                   step(expect=From.STORE))


CASES = [
    must("authorization", S, "not reused for others, even with Expires",
         step("Expires: @+2592000", "Date: @0", send=WHO, asked=WHO, expect=From.ORIGIN),
         step(expect=From.ORIGIN)),
    must("authorization-max-age", S, "nor with max-age",
         step(FRESH, send=WHO, asked=WHO, expect=From.ORIGIN), step(expect=From.ORIGIN)),
    must("authorization-other", S, "nor for somebody else",
         step(FRESH, send=WHO, expect=From.ORIGIN),
         step(send=("Authorization: Basic YmFy",), asked=("Authorization: Basic YmFy",),
              expect=From.ORIGIN)),
    must("authorization-proxy-revalidate", S, "proxy-revalidate does not allow it",
         step("Cache-Control: max-age=3600, proxy-revalidate", send=WHO, expect=From.ORIGIN),
         step(expect=From.ORIGIN)),
    allowed("public", "max-age=3600, public"),
    allowed("must-revalidate", "max-age=3600, must-revalidate"),
    allowed("s-maxage", "s-maxage=3600"),
    optimal("authorization-stored", S, "a stored answer to an anonymous request serves all",
            step(FRESH, expect=From.ORIGIN), step(send=WHO, expect=From.STORE)),
]
