# redis-cli: commands, formats, protocols, pipes, scans, subscriptions, the ways of looking at a server.
set -u
cli() { redis-cli -p "$REDIS_PORT" "$@" 2>&1; }
part() { echo "-- $*"; }
# Waits, a bounded time, until a command succeeds.
await() {
    for _ in $(seq 500); do
        "$@" && return
        sleep 0.01
    done
    echo "in vain for $*"
}
listens() { [ "$(cli PUBSUB NUMSUB sport | tail -1)" = 1 ]; }
heard() { [ "$(wc -l <"redis_cli.$REDIS_PORT.heard")" = 5 ]; }
waits() { cli INFO clients | grep -q 'blocked_clients:1'; }

part commands
cli PING
cli SET greeting 'hello "world"'
cli GET greeting
cli --no-raw GET greeting
cli --no-raw GET missing
cli --no-raw LPUSH list a b c
cli --no-raw LRANGE list 0 -1
cli --csv LRANGE list 0 -1
cli --json HELLO 3 | tr ',' '\n' | grep -E '"(server|proto|mode|role)"'
cli --no-raw HSET hash field 1 other 2
cli --no-raw HGETALL hash
cli -3 --no-raw HGETALL hash
cli --json HGETALL hash
cli -3 --no-raw ZADD zset 1.5 one
cli -3 --no-raw ZRANGE zset 0 -1 WITHSCORES
cli -3 --no-raw SISMEMBER set x
cli LPUSH greeting 1
cli NOSUCH command
cli -n 3 SET in-three 1
cli INFO keyspace | tr -d '\r' | cut -d, -f1,2
printf 'binary\0value' | cli -x SET binary
cli --no-raw GET binary
cli -r 3 INCR counter
cli -a wrong --no-auth-warning PING
cli -e NOSUCH command >/dev/null || echo "exit code $?"

part lines
printf 'SET a 1\nINCR a\n\nMULTI\nINCR a\nINCR a\nEXEC\nGET a\nNOSUCH\n' | cli
printf 'MULTI\nSET a\nEXEC\n' | cli

part scripts
echo 'return {KEYS[1], ARGV[1], redis.call("GET", KEYS[1])}' >redis_cli.$REDIS_PORT.lua
cli --eval redis_cli.$REDIS_PORT.lua a , argument
rm redis_cli.$REDIS_PORT.lua
cli EVAL 'return redis.status_reply("FINE")' 0
cli EVAL 'return redis.call("LPUSH", "a", 1)' 0

part pipe
for number in $(seq 1000); do printf 'SET key:%s value\r\n' "$number"; done | cli --pipe
for number in $(seq 500); do
    printf '*3\r\n$5\r\nRPUSH\r\n$4\r\nmany\r\n$%s\r\n%s\r\n' ${#number} "$number"
done | cli --pipe
printf 'SET fine 1\r\nLPUSH fine 1\r\nINCR fine\r\n' | cli --pipe
cli LLEN many

part scan
cli --scan --pattern 'key:99*' | sort
cli --scan --pattern '*zset*' --quoted-pattern '"z*"' | sort

part sizes
cli --bigkeys | grep -E '^(Biggest|Sampled|[0-9]+ (strings|lists|hashs|sets|zsets|streams))' | sed 's/(.*//' | sort
cli --memkeys | grep -cE '^Biggest +(string|list|hash|zset)'
cli --hotkeys | grep -o 'ERR.*\|maxmemory policy.*'

part looking
cli --stat -i 0.01 -r 1 | head -1 | tr -s ' -'
timeout 5 redis-cli -p "$REDIS_PORT" --latency -i 0.1 --raw | cut -d' ' -f4 | grep -c '^[1-9]'
cli --no-raw CONFIG GET maxmemory-policy
cli CLIENT LIST | grep -c 'cmd=client|list'
cli COMMAND COUNT | grep -c '^[0-9]*$'
cli --no-raw COMMAND GETKEYS MSET a 1 b 2
cli --no-raw OBJECT ENCODING many
cli DBSIZE

part listening
: >redis_cli.$REDIS_PORT.heard
redis-cli -p "$REDIS_PORT" --csv SUBSCRIBE news sport >redis_cli.$REDIS_PORT.heard &
listener=$!
await listens
cli PUBLISH news 'first, of all'
cli PUBLISH sport second
await heard
kill $listener
wait $listener 2>/dev/null
cat redis_cli.$REDIS_PORT.heard
rm redis_cli.$REDIS_PORT.heard

part waiting
redis-cli -p "$REDIS_PORT" --no-raw BLPOP queue 20 &
await waits
cli RPUSH queue job >/dev/null
wait
cli --no-raw BLPOP queue 0.01 | sed 's/ *([0-9.]*s)//'
cli FLUSHALL
cli DBSIZE
