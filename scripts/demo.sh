# shellcheck shell=bash
# What ./run starts: certificates, configurations, processes. All of it lives in $DEMO, a temporary
# folder, and ends with stop_all.

PIDS=()
NAMES=()

# start NAME COMMAND...: in a session of its own, so that the terminal's Ctrl-C reaches ./run only.
start() {
  local name=$1
  shift
  setsid "$@" >"$DEMO/$name.log" 2>&1 </dev/null &
  PIDS+=($!)
  NAMES+=("$name")
}

stop_all() {
  local pid
  [[ ${#PIDS[@]} -gt 0 ]] || return 0
  kill -TERM "${PIDS[@]}" 2>/dev/null
  for _ in {1..50}; do
    kill -0 "${PIDS[@]}" 2>/dev/null || break
    sleep 0.1
  done
  for pid in "${PIDS[@]}"; do
    kill -KILL "$pid" 2>/dev/null
  done
  wait "${PIDS[@]}" 2>/dev/null
  PIDS=()
}

# Prints the name of a process that has ended, if any.
ended() {
  local i
  for i in "${!PIDS[@]}"; do
    kill -0 "${PIDS[i]}" 2>/dev/null || { echo "${NAMES[i]}"; return 0; }
  done
  return 1
}

# address_of NAME [N]: the N-th address (default 1) that a process says it listens on.
address_of() {
  local found name
  for _ in {1..500}; do
    found=$(grep -oP 'listening\b.*?\K(\[[0-9a-f:]+\]|[0-9.]+):[0-9]+' "$DEMO/$1.log" |
      sed -n "${2-1}p")
    [[ -n "$found" ]] && { echo "$found"; return 0; }
    name=$(ended) && break
    sleep 0.05
  done
  echo "$1 does not listen${name:+ ($name has ended)}:" >&2
  tail -n 20 "$DEMO/$1.log" >&2
  return 1
}

# port_or_any PORT: that port, or 0 (the system chooses) where it is taken or a check runs.
port_or_any() {
  if [[ -n "$CHECK" ]] || (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
    echo 0
  else
    echo "$1"
  fi
}

# certificate NAME SUBJECT-ALTERNATIVE-NAMES: NAME.pem and NAME.key, signed by the throw-away CA.
certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "$DEMO/$1.key" -out "$DEMO/$1.csr" 2>>"$DEMO/openssl.log" &&
    openssl x509 -req -in "$DEMO/$1.csr" -CA "$DEMO/ca.pem" -CAkey "$DEMO/ca.key" -days 30 \
      -extfile <(echo "subjectAltName=$2") -out "$DEMO/$1.pem" 2>>"$DEMO/openssl.log"
}

# A throw-away Redis, on a port that is free now; $REDIS is its URL.
start_redis() {
  local port
  for _ in {1..20}; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    REDIS=redis://127.0.0.1:$port
    mkdir -p "$DEMO/redis"
    start redis redis-server --port "$port" --bind 127.0.0.1 --dir "$DEMO/redis" --save '' \
      --appendonly yes --appendfsync always
    for _ in {1..200}; do
      grep -q 'Ready to accept connections' "$DEMO/redis.log" && return 0
      sleep 0.05
    done
    break
  done
  echo "redis-server does not start:" >&2
  tail -n 20 "$DEMO/redis.log" >&2
  return 1
}

fleet_section() {
  [[ -z "$CLUSTER" ]] || echo "\"fleet\": { \"redis\": \"$REDIS\" },"
}

make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=Seawall demo CA, thrown away at the end" -addext keyUsage=critical,keyCertSign \
    -keyout "$DEMO/ca.key" -out "$DEMO/ca.pem" 2>>"$DEMO/openssl.log" &&
    certificate origin DNS:origin.demo &&
    certificate shield DNS:shield.demo &&
    certificate edge DNS:edge.demo,DNS:shop.demo,DNS:localhost,IP:127.0.0.1
}

write_sites() {
  cat >"$DEMO/sites.json" <<END
// One site for every host, cached as its origin says. What a behavior can say: conf/sites.json.
{
  "sites": [
    {
      "name": "demo",
      "hosts": ["*"],
      "behaviors": [{ "path": "*", "set_cookie": "refuse" }]
    }
  ]
}
END
}

# write_shield URL [UPSTREAM-KEYS]
write_shield() {
  cat >"$DEMO/shield.json" <<END
{
  "node": "shield-demo",
  "listen": [
    {
      "address": "127.0.0.1",
      "port": $(port_or_any 8090),
      "tls": {
        "certificates": [{ "certificate": "shield.pem", "key": "shield.key" }],
        "client_ca": "ca.pem"
      }
    }
  ],
  "admin": { "address": "127.0.0.1", "port": $(port_or_any 9090) },
  "log": { "access": { "path": "shield-access.log" } },
  "limits": { "drain_time": "2s" },
  "trusted_edges": ["client-certificate"],
  $(fleet_section)
  "upstreams": { "origin": { "servers": ["$1"], "host": "server"${2:+, $2} } },
  "sites": "sites.json"
}
END
}

# write_edge NAME HTTP-PORT HTTPS-PORT ADMIN-PORT SHIELD-ADDRESS
write_edge() {
  cat >"$DEMO/$1.json" <<END
{
  "node": "$1-demo",
  "listen": [
    { "address": "127.0.0.1", "port": $(port_or_any "$2") },
    {
      "address": "127.0.0.1",
      "port": $(port_or_any "$3"),
      "tls": { "certificates": [{ "certificate": "edge.pem", "key": "edge.key" }] }
    }
  ],
  "admin": { "address": "127.0.0.1", "port": $(port_or_any "$4") },
  "log": { "access": { "path": "$1-access.log" } },
  "limits": { "drain_time": "2s" },
  $(fleet_section)
  "upstreams": {
    "shield": {
      "kind": "shield",
      "servers": ["https://$5"],
      "tls": { "ca": "ca.pem", "sni": "shield.demo", "certificate": "edge.pem", "key": "edge.key" }
    }
  },
  "sites": "sites.json"
}
END
}
