import { buildkitPort } from "../../daemonAddress";

/** As /proc/net/tcp spells it. */
const hexPort = buildkitPort.toString(16).toUpperCase().padStart(4, "0");

/**
 * The first process of a pod, in POSIX sh: BuildKit's image has no more. It needs no right in the cluster. It ends BuildKit,
 * and so the pod, after IDLE_SECONDS without a build and without a connection; and on SIGTERM when what is being built is done.
 *
 * A build without a connection counts, too: whoever asked for it may come back. The rows of `buildctl debug histories` begin
 * with STARTED while a build runs. Who is asked to end and gets no answer takes it that one runs: the kubelet ends
 * the pod after its grace period. Otherwise nothing would end a daemon that has stopped to answer.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/cmd/buildctl/debug/histories.go
 */
export const guardScript = `#!/bin/sh
entrypoint=/usr/bin/buildkitd-entrypoint
[ -x "$entrypoint" ] || entrypoint=/usr/bin/buildkitd
"$entrypoint" --config /etc/buildkit/buildkitd.toml &
daemon=$!
draining=
trap 'draining=1' TERM INT
last=$(date +%s)
connections() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "01" && $2 ~ /:${hexPort}$/' | wc -l; }
builds() { rows=$(timeout 10 buildctl debug histories 2>/dev/null) && printf '%s\\n' "$rows" | grep -c '^STARTED'; }
while kill -0 "$daemon" 2>/dev/null; do
  sleep 5 &
  wait $!
  asked=$draining
  now=$(date +%s)
  connected=$(connections)
  building=$(builds)
  [ -n "$building" ] || building=\${asked:-0}
  if [ "$building" -gt 0 ] || { [ "$connected" -gt 0 ] && [ -z "$asked" ]; }; then last=$now; fi
  reason=
  if [ -n "$asked" ] && [ "$building" -eq 0 ]; then reason="asked to end, and nothing is being built"; fi
  if [ $((now - last)) -ge "$IDLE_SECONDS" ]; then reason="idle for $((now - last)) s"; fi
  if [ -n "$reason" ]; then
    echo "guard: $reason: ending"
    kill -TERM "$daemon"
    wait "$daemon"
    exit 0
  fi
done
wait "$daemon"
code=$?
echo "guard: buildkitd has ended by itself, with $code"
exit 1
`;
