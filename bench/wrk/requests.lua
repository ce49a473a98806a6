-- Requests for wrk, chosen by the arguments behind `--`:
--   fixed PATH            one request, built once
--   browser PATH          the same with the eleven fields of a browser
--   field PATH NAME VALUE the same with one more field
--   pipeline PATH N       N requests in one write
--   zipf PREFIX N S SEED  PREFIX/1 … PREFIX/N, drawn by Zipf's law with exponent S
--   distinct PREFIX       PREFIX/1, PREFIX/2, …: none twice
-- wrk calls request() for each request only where it is defined: for `fixed` and its kind it isn't.
-- The environment variable BENCH_HOST is the Host field. At the end one line: RESULT and JSON.

local kBrowser = {
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "en-US,en;q=0.5",
  ["Connection"] = "keep-alive",
  ["Cookie"] = "session=8f14e45fceea167a5a36dedd4bea2543; consent=analytics%3Dno; theme=dark",
  ["Referer"] = "https://bench.test/products/overview?page=3",
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}

local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

local function numbered(prefix)
  local head = "GET " .. prefix .. "/"
  local tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n\r\n"
  return function(number) return head .. number .. tail end
end

local modes = {}

function modes.fixed(path) wrk.path = path end

function modes.browser(path)
  wrk.path = path
  for name, value in pairs(kBrowser) do wrk.headers[name] = value end
end

function modes.field(path, name, value)
  wrk.path = path
  wrk.headers[name] = value
end

function modes.pipeline(path, count)
  wrk.path = path
  local text = string.rep(wrk.format(), tonumber(count))
  request = function() return text end
end

-- The inverse of the bounded continuous distribution with density x^-s: differs from the discrete
-- one in the first few ranks only, and costs one power for each request.
function modes.zipf(prefix, count, exponent, seed)
  math.randomseed(tonumber(seed) + 1000 * thread_number)
  local text = numbered(prefix)
  local inverse = 1 / (1 - tonumber(exponent))
  local span = (tonumber(count) + 1) ^ (1 - tonumber(exponent)) - 1
  local random, floor = math.random, math.floor
  request = function() return text(floor((span * random() + 1) ^ inverse)) end
end

function modes.distinct(prefix)
  local text = numbered(prefix .. "/" .. thread_number)
  local number = 0
  request = function()
    number = number + 1
    return text(number)
  end
end

function init(args)
  wrk.headers["Host"] = os.getenv("BENCH_HOST") or "bench.test"
  modes[args[1]](unpack(args, 2))
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"answers": %d, "seconds": %.6f, "bytes": %d, "errors": %d, "bad_statuses": %d, ' ..
    '"p50_us": %d, "p99_us": %d, "max_us": %d}',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99), latency.max))
end
