// Negotiation: weights and masks stay in their bounds, and an answer is one of those offered.
#include "common/http/accept.h"
#include "tests/fuzz/http_fuzz.h"

using namespace seawall;
using namespace seawall::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::string> codings = {"br", "zstd", "gzip"};
  static const std::vector<std::string> languages = {"en", "de", "de-CH", "zh-Hant"};
  const std::string_view text = as_text(data, size);

  const std::vector<Field> encoding = as_lines(FieldId::kAcceptEncoding, text);
  const AcceptedCodings accepted = accepted_codings(encoding, codings);
  REQUIRE_THAT(accepted.mask < 8 && accepted.present == !encoding.empty());
  REQUIRE_THAT(accepted.identity || text.find('0') != std::string_view::npos);
  if (text.find('*') == std::string_view::npos) {
    // No coding that is not named, in some letter case.
    REQUIRE_THAT((accepted.mask & 1) == 0 || text.find_first_of("bB") != std::string_view::npos);
    REQUIRE_THAT((accepted.mask & 6) == 0 || text.find_first_of("zZ") != std::string_view::npos);
  }

  WeightedReader reader(encoding, FieldId::kAcceptEncoding);
  WeightedMember member;
  while (reader.next(member)) {
    REQUIRE_THAT(member.quality >= 0 && member.quality <= 1000 && !member.value.empty());
  }

  const std::vector<Field> language = as_lines(FieldId::kAcceptLanguage, text);
  const std::string* best = best_language(language, languages);
  REQUIRE_THAT(best == nullptr || (best >= &languages.front() && best <= &languages.back()));
  return 0;
}
