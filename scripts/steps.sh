# shellcheck shell=bash disable=SC2034
# The steps of ./check, which runs them from the repository's root: their output is shown only when
# they fail. What is to be tested is found in the tree, never listed here; what then has no binary
# fails.

CODE_FOLDERS=(common edge shield tests bench)

step_packages() {
  install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  cmake --preset "$preset" && cmake --build "build/$preset" ${1+--target "$@"} -- -k 0
}

step_build_dev() { SUMMARY='-Werror' && build dev; }
step_build_asan() { SUMMARY='address and undefined-behavior sanitizers' && build asan; }
step_build_fuzz() {
  local targets
  mapfile -t targets < <(fuzz_targets)
  SUMMARY="${#targets[@]} targets"
  build fuzz "${targets[@]/#/fuzz_}"
}

# The test binary of each folder of tests/unit that has sources.
unit_names() {
  local source
  for source in tests/unit/*/*.cc; do
    basename "$(dirname "$source")"
  done | sort -u
}

fuzz_targets() {
  local source
  for source in tests/fuzz/*.cc; do
    [[ -e "$source" ]] && basename "$source" .cc
  done
}

# Adds the test cases that a Catch2 binary's summary (console reporter, in $1) counts.
count_catch() {
  local cases bad
  if cases=$(grep -oP 'All tests passed \(.* in \K[0-9]+(?= test case)' "$1"); then
    COUNT_PASSED=$((COUNT_PASSED + cases))
    return 0
  fi
  cases=$(grep -oP '^test cases:.*?\K[0-9]+(?= passed)' "$1" || echo 0)
  bad=$(grep -oP '^test cases:.*?\K[0-9]+(?= failed)' "$1" || echo 1)
  COUNT_PASSED=$((COUNT_PASSED + cases))
  COUNT_FAILED=$((COUNT_FAILED + bad))
  return 1
}

# unit PRESET
unit() {
  local name binary output status=0
  COUNT_PASSED=0 COUNT_FAILED=0
  output=$(mktemp)
  for name in $(unit_names); do
    binary=build/$1/tests/test_$name
    if [[ ! -x "$binary" ]]; then
      echo "$binary: not built"
      COUNT_FAILED=$((COUNT_FAILED + 1))
      continue
    fi
    timeout --kill-after=5 300 "$binary" >"$output" 2>&1
    status=$?
    if ! count_catch "$output" || [[ $status -ne 0 ]]; then
      echo "== $binary (exit status $status)"
      cat "$output"
      # A leak, say, after the tests have passed.
      [[ $COUNT_FAILED -gt 0 ]] || COUNT_FAILED=1
    fi
  done
  rm -f "$output"
  SUMMARY="$COUNT_PASSED test cases passed, $COUNT_FAILED failed"
}

# Instructions in user space, no times: the same on a busy machine.
step_hit_cost() {
  local output status
  output=$(python3 -B bench/hit_instructions --check)
  status=$?
  echo "$output"
  SUMMARY=$(paste -sd ';' <<<"$output")
  return $status
}

step_unit_dev() { unit dev; }
step_unit_asan() { unit asan; }

# Worlds by their seeds; a few of them twice, for a seed that fails has to fail again.
step_sim() {
  local binary=build/dev/tests/sim status=0 threads
  threads=$(nproc)
  timeout --kill-after=5 600 "$binary" --seeds 1:1000 --threads "$threads" || status=1
  timeout --kill-after=5 600 "$binary" --seeds 1:20 --threads "$threads" --twice || status=1
  SUMMARY=$(grep -m 1 -oP '^[0-9]+ seeds, [0-9]+ failed; .*(?= origin)' "$LOG")
  return $status
}

step_scenarios() {
  local output status files
  mapfile -t files < <(find tests/e2e tests/conformance -name 'test_*.py' 2>/dev/null | sort)
  # Two files at once: they mostly wait.
  output=$(python3 -B scripts/scenarios.py --jobs 2 "${files[@]}" 2>&1)
  status=$?
  echo "$output"
  SUMMARY=$(tail -n 1 <<<"$output")
  COUNT_PASSED=$(grep -oP '^[0-9]+(?= passed)' <<<"$SUMMARY" || echo 0)
  COUNT_FAILED=$(grep -oP '[0-9]+(?= failed)' <<<"$SUMMARY" || echo 1)
  SUMMARY+=" (${SEAWALL_BIN_DIR#"$PWD"/})"
  return $status
}

# fuzz_one NAME SECONDS: on its seeds, and what earlier runs have found beside them.
fuzz_one() {
  local binary=build/fuzz/tests/fuzz_$1 seeds=tests/fuzz/seeds/$1 corpus=build/fuzz/corpus/$1
  [[ -x "$binary" ]] || { echo "$binary: not built"; return 1; }
  [[ -n "$(ls -A "$seeds" 2>/dev/null)" ]] || { echo "$seeds: no seeds"; return 1; }
  mkdir -p "$corpus" build/fuzz/artifacts
  timeout --kill-after=5 $(($2 * 2 + 60)) "$binary" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/artifacts/$1-" "$corpus" "$seeds"
}

# All targets, as many at a time as there are cores.
step_fuzz() {
  local names name each log status cores running=0
  mapfile -t names < <(fuzz_targets)
  [[ ${#names[@]} -gt 0 ]] || { echo "no fuzz targets"; return 1; }
  cores=$(nproc)
  each=$((FUZZ_SECONDS * cores / ${#names[@]}))
  [[ $each -ge 2 ]] || each=2
  log=$(mktemp -d)
  for name in "${names[@]}"; do
    if [[ $running -ge $cores ]]; then
      wait -n
      running=$((running - 1))
    fi
    { fuzz_one "$name" "$each" >"$log/$name" 2>&1; echo $? >"$log/$name.status"; } &
    running=$((running + 1))
  done
  wait
  COUNT_PASSED=0 COUNT_FAILED=0
  for name in "${names[@]}"; do
    status=$(<"$log/$name.status")
    if [[ $status -eq 0 ]]; then
      COUNT_PASSED=$((COUNT_PASSED + 1))
    else
      COUNT_FAILED=$((COUNT_FAILED + 1))
      echo "== fuzz_$name (exit status $status)"
      tail -n 200 "$log/$name"
    fi
  done
  SUMMARY="${#names[@]} targets, $each s each, $(cat "$log"/* | awk -F: \
    '/^stat::number_of_executed_units/ { sum += $4 } END { printf "%.1f", sum / 1e6 }') million runs"
  rm -rf "$log"
}

# The rules are those of clang-format 14: another version may see things differently.
step_format() {
  local binary=clang-format-14 folders=() folder status=0
  command -v "$binary" >/dev/null || binary=clang-format
  if ! "$binary" --version | grep -q 'version 14\.'; then
    SUMMARY="NOT CHECKED: there is no clang-format 14 here"
    return 0
  fi
  for folder in "${CODE_FOLDERS[@]}"; do
    [[ -d "$folder" ]] && folders+=("$folder")
  done
  if ! find "${folders[@]}" \( -name '*.cc' -o -name '*.h' \) -print0 |
    xargs -0 -r "$binary" --dry-run -Werror >"$LOG.format" 2>&1; then
    echo 'clang-format -i these, at (the first place of each file):'
    grep -P '^[^ ]+:\d+:\d+: ' "$LOG.format" | sort -t: -u -k1,1
    status=1
  fi
  rm -f "$LOG.format"
  return $status
}

step_layering() {
  local output status
  output=$(python3 -B tests/layering/check.py --self-test && python3 -B tests/layering/check.py)
  status=$?
  echo "$output"
  SUMMARY=$(tail -n 1 <<<"$output")
  return $status
}

# Scripts parse, JSON is JSON.
step_scripts() {
  local status=0 file
  for file in run check .ci/run scripts/*.sh; do
    bash -n "$file" || status=1
  done
  shellcheck -x run check .ci/run scripts/*.sh || status=1
  find scripts tests bench -name '*.py' -print0 |
    xargs -0 python3 -B -c 'import sys; [compile(open(f).read(), f, "exec") for f in sys.argv[1:]]' ||
    status=1
  find CMakePresets.json conf docker -name '*.json' -print0 |
    xargs -0 python3 -B scripts/valid_json.py || status=1
  return $status
}
