# What the scripts that run in the container share. /test holds the packages and these scripts.
set -uo pipefail

doing=
begun=$EPOCHREALTIME

# Says what comes next.
step() {
  doing=$*
  echo "  $(printf '%5.1f' "$(since "$begun")") s  $doing"
}

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'; }

fail() {
  echo "FAILED: $doing: $*"
  systemctl status --no-pager --lines=0 upsertd.service
  journalctl --no-pager -u upsertd.service -n 60 -o short-precise
  exit 1
}

# Runs a command that has to succeed.
must() { "$@" || fail "\"$*\" ended with $?"; }

# Runs a command that has to fail.
must_not() { ! "$@" || fail "\"$*\" succeeded"; }

# Waits until a command succeeds, for so many seconds at most.
eventually() {
  local limit=$1 start=$EPOCHREALTIME
  shift
  until "$@" >/dev/null 2>&1; do
    awk -v took="$(since "$start")" -v limit="$limit" 'BEGIN { exit took > limit }' ||
      fail "not so after $limit s: $*"
    sleep 0.1
  done
}

property() { systemctl show --value -p "$1" "${2:-upsertd.service}"; }
is() { [ "$(property "$1")" = "$2" ]; }
# A here-string, as `grep -q` ends a pipe before it is empty.
status_says() { grep -q -- "$1" <<<"$(property StatusText)"; }
journal_has() { grep -q -- "$1" <<<"$(journalctl --no-pager -o cat -u upsertd.service)"; }

install_package() {
  must dpkg -i "/test/$1" >/run/dpkg.log 2>&1
}

# The sandbox of both APIs, as a service of its own; further arguments are its own.
start_sandbox() {
  must systemd-run --quiet --collect --unit=sandbox -p DynamicUser=yes /usr/bin/upsertd sandbox --port 8080 "$@"
  eventually 10 curl -sf http://127.0.0.1:8080/sandbox/stats
}
stop_sandbox() { systemctl stop sandbox.service; }

# Accounts to the sandbox, the secrets root's alone and handed over by systemd; standard input is added to the drop-in.
configure() {
  cat >/etc/upsertd/upsertd.yaml <<'YAML'
watch: {poll_interval: 200ms, settle: 500ms}
queue: {min_free_disk: 1MiB}
retry: {initial: 1s, max: 5m}
targets:
  liquid:
    api: liquid
    url: http://127.0.0.1:8080
    auth:
      username: svc
      password_file: liquid-password
      client_id: upsertd
      client_secret_file: liquid-client-secret
      community: acme
inboxes:
  - name: accounts
    target: liquid
    item: {category: entity, type: Account, action: Merge, key: [accountId]}
YAML
  (umask 077 && for secret in liquid-password liquid-client-secret; do
    echo "canary-$secret" >"/etc/upsertd/$secret"
  done)
  mkdir -p /etc/systemd/system/upsertd.service.d
  {
    echo '[Service]'
    for secret in liquid-password liquid-client-secret; do echo "LoadCredential=$secret:/etc/upsertd/$secret"; done
    cat
  } >/etc/systemd/system/upsertd.service.d/test.conf
  must systemctl daemon-reload
}

spool=/var/spool/upsertd/accounts

# Drops a file of COUNT accounts under NAME, as an unprivileged member of group upsertd-drop.
drop() {
  local name=$1 count=$2
  id alice >/dev/null 2>&1 || must useradd --groups upsertd-drop alice
  seq "$count" | awk -v name="$name" 'BEGIN { print "accountId,name" } { print name "-" $1 ",Account " $1 }' >/run/drop.csv
  chmod 644 /run/drop.csv
  must runuser -u alice -- sh -c "umask 027; cp /run/drop.csv $spool/inbox/$name.csv"
}

# A file's receipt, as alice reads it.
receipt() { runuser -u alice -- sh -c "cat $spool/outbox/receipts/$1.csv.*.receipt.json"; }
has_receipt() { receipt "$1" | jq -e '.counts.accepted == .counts.items and .status == "accepted"'; }
accepted() { receipt "$1" | jq .counts.accepted; }
queued() { upsertd status --json | jq .queue.items; }
